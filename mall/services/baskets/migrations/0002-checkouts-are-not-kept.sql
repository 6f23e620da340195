-- The operation of a checkout travels with the messages of its order.
drop table checkouts;
