Feature: Searching
  What shoppers find is what the stores sell, and what became of their orders.

  Background:
    Given the mall has these stores:
      | store             | product  | price  |
      | The Paper Lantern | pen      | $3.00  |
      | The Paper Lantern | notebook | $12.50 |
      | Brass and Bell    | bell     | $40.00 |
    And Mina is a shopper

  Scenario: A product is found by its name, and by its store
    Then searching for "notebook" finds:
      | product  | store             | price  |
      | notebook | The Paper Lantern | $12.50 |
    And searching for "lantern" finds:
      | product  | store             | price  |
      | notebook | The Paper Lantern | $12.50 |
      | pen      | The Paper Lantern | $3.00  |

  Scenario: A new price is found at once
    When a bell comes to cost $44.00
    Then searching for "bell" finds:
      | product | store          | price  |
      | bell    | Brass and Bell | $44.00 |

  Scenario: A product is found under its new name
    When the notebook is sold as "Travel journal"
    Then searching for "journal" finds:
      | product        | store             | price  |
      | Travel journal | The Paper Lantern | $12.50 |
    And searching for "notebook" finds nothing

  Scenario: Products are found under the new name of their store
    When "Brass and Bell" is renamed "The Humming Gong"
    Then searching for "gong" finds:
      | product | store            | price  |
      | bell    | The Humming Gong | $40.00 |
    And searching for "brass" finds nothing

  Scenario: A product that is not sold any more is not found
    When the bell is not sold any more
    Then searching for "bell" finds nothing
    And nobody can look at the bell any more

  Scenario: An order is found with its status
    Given Mina has an approved order of a pen
    Then her order is found among her approved orders
    When the bot Trundle takes the list of her order
    And all goods of her order are collected
    Then her order is found among her ready orders
    And her order is not found among her approved orders
    When she pays the invoice of her order
    Then her order is found among her completed orders
    And her order is not found among her ready orders

  Scenario: A cancelled order is found as cancelled
    Given Mina has a cancelled order of a pen
    Then her order is found among her cancelled orders
    And her order is not found among her approved orders

  Scenario: An order is found by its stores
    Given Mina has an approved order of a bell
    Then her order is found among the orders of "Brass and Bell"

  Scenario: A shopper's orders are not found among another's
    Given Mina has an approved order of a pen
    And Omar is a shopper
    Then Mina's order is found among Mina's approved orders
    And Mina's order is not found among Omar's approved orders

  Scenario: A product is found in spite of a slip
    Then searching for "notebok" finds:
      | product  | store             | price  |
      | notebook | The Paper Lantern | $12.50 |
