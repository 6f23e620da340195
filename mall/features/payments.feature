Feature: Cards and invoices
  A card is asked to hold an amount when the shopper orders, and gives it when she pays her invoice: once, whatever
  goes wrong in between.

  Background:
    Given the mall has these stores:
      | store             | product  | price  |
      | The Paper Lantern | pen      | $3.00  |
      | The Paper Lantern | notebook | $12.50 |
      | Brass and Bell    | bell     | $40.00 |
    And Mina is a shopper

  Scenario: A card processor that stumbles is asked again, and holds once
    Given Mina has a bell in her basket
    When she checks out with a card that works at the second try
    Then her order becomes approved
    And $40.00 is held on her card
    And the card processor was asked two times for it

  @slow
  Scenario: A card processor that does not answer
    When Mina tries to hold the odd amount on a card that never answers under the key "once"
    Then this is refused because the card processor does not answer
    And she is asked to come back later
    When she tries to hold the odd amount on a card that never answers under the key "once"
    Then this is refused because the card processor does not answer
    And the card processor has made one hold of the odd amount

  Scenario: Asking twice under one key holds once
    When Mina holds the odd amount under the key "once"
    And she holds the odd amount under the key "once"
    Then the card processor has made one hold of the odd amount
    And her payment can be used for an order

  Scenario: A key stands for one wish only
    When Mina holds $5.00 under the key "once"
    And she tries to hold $6.00 on a card that works under the key "once"
    Then this is refused because the key was used for something else
    And $5.00 is held on her card

  Scenario Outline: A card <card> holds nothing
    When Mina holds $5.00 on a card <card>
    Then her payment is declined
    And nothing was ever held on her card

    Examples:
      | card                 |
      | that is declined     |
      | without enough money |

  Scenario: An invoice is paid once
    Given Mina has a collected order of a bell
    When she pays the invoice of her order
    And she tries to pay the invoice of her order again
    Then this is refused because the invoice is not due any more
    And the invoice of her order is paid
    And her payment is taken
    And $40.00 is taken from her card, once
    And her order becomes completed
    And she has been told that her order is placed, approved, collecting, ready, paid

  Scenario: An invoice that is paid twice at the same time is paid once
    Given Mina has a collected order of a bell
    When she tries to pay the invoice of her order twice at once
    Then her order becomes completed
    And $40.00 is taken from her card, once
