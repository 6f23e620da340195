Feature: An order, from the basket to the end
  A shopper orders goods of several stores. A bot collects them store by store, the shopper pays when they are ready,
  and the order is complete.

  Background:
    Given the mall has these stores:
      | store             | product  | price  |
      | The Paper Lantern | pen      | $3.00  |
      | The Paper Lantern | notebook | $12.50 |
      | Brass and Bell    | bell     | $40.00 |
    And Mina is a shopper

  Scenario: An order is approved, collected, paid and completed
    Given Mina has two pens and a bell in her basket
    When she checks out with a card that works
    Then her order becomes approved
    And $46.00 is held on her card
    And her order has two pens to collect at "The Paper Lantern"
    And her order has a bell to collect at "Brass and Bell"
    And there is no invoice for her order
    When the bot Trundle takes the list of her order
    Then the bot Trundle is active
    When the goods of her order are collected at "The Paper Lantern"
    And the goods of her order are collected at "Brass and Bell"
    Then her order is approved
    When the bot brings the goods of her order
    Then her order becomes ready
    And the bot Trundle is idle
    And she gets an invoice of $46.00 for her order
    And $46.00 is held on her card
    When she pays the invoice of her order
    Then her order becomes completed
    And $46.00 is taken from her card, once
    And the history of her order reads "placed, approved, readied, completed"
    And she has been told exactly this:
      | We have received your order over $46.00. |
      | Your order is approved.                  |
      | Your order is being collected.           |
      | Your order is ready. Please pay $46.00.  |
      | Your order is paid and complete. Thank you! |

  Scenario: What is held beyond the price is not taken
    Given Mina has a pen in her basket
    When she checks out with a hold of $10.00
    And the bot Trundle takes the list of her order
    And all goods of her order are collected
    Then she gets an invoice of $3.00 for her order
    When she pays the invoice of her order
    Then $3.00 is taken from her card, once
    And her order becomes completed

  Scenario: The same product put in twice is collected once
    Given Mina has a pen in her basket
    And she puts two pens into her basket
    When she checks out with a card that works
    Then her order becomes approved
    And her order has three pens to collect at "The Paper Lantern"

  Scenario: Two shoppers do not stand in each other's way
    Given Omar is a shopper
    When Mina orders a pen
    And Omar orders a bell
    Then Mina's order becomes approved
    And Omar's order becomes approved
    And Mina has been told that her order is placed, approved
    And Omar has been told that his order is placed, approved

  Scenario: Goods that cost nothing are ordered like others
    Given the mall has these stores:
      | store         | product | price |
      | The Open Book | leaflet | $0.00 |
    And Mina has two leaflets in her basket
    When she checks out with a card that works
    And the bot Trundle takes the list of her order
    And all goods of her order are collected
    Then she gets an invoice of $0.00 for her order
    When she pays the invoice of her order
    Then her order becomes completed
