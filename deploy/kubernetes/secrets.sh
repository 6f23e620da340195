#!/bin/sh
# Prints the secrets of a new Mall, each with a random value. Create them once; `create` refuses to replace what is there:
#
#   sh deploy/kubernetes/secrets.sh | kubectl create --namespace mall --filename -
set -eu

random() {
  head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

# secret <name> <type>, and the lines of its values on standard input
secret() {
  printf -- '---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  labels: {app.kubernetes.io/part-of: mall}\ntype: %s\nstringData:\n' "$1" "$2"
  sed 's/^/  /'
}

for service in baskets checkout customers depot notifications ordering payments processor search stores; do
  password="$(random)"
  secret "database-$service" kubernetes.io/basic-auth <<EOF
username: mall_$service
password: "$password"
url: postgres://mall_$service:$password@mall-postgres-rw:5432/mall_$service?sslmode=verify-full&sslrootcert=/run/secrets/postgres-ca/ca.crt
EOF
done

# NATS takes what it finds in its environment for a part of its configuration: with a letter first it is a text.
echo "password: k$(random)" | secret nats Opaque
echo "jwt-secret: \"$(random)\"" | secret access Opaque
echo "key: \"$(random)\"" | secret live-tickets Opaque
echo "key: \"$(random)\"" | secret card-processor Opaque
