Feature: Prices that change while goods are in a basket
  What a shopper pays is what she was shown, unless she accepts another price.

  Background:
    Given the mall has these stores:
      | store             | product  | price  |
      | The Paper Lantern | pen      | $3.00  |
      | The Paper Lantern | notebook | $12.50 |
      | Brass and Bell    | bell     | $40.00 |
    And Mina is a shopper

  Scenario Outline: A price that <moves> is shown, and asked about
    Given Mina has two pens in her basket
    When a pen comes to cost <new>
    Then her basket shows that a pen went from $3.00 to <new>
    And her basket comes to $6.00
    When she holds $20.00 on a card that works
    And she tries to check out
    Then this is refused because a price has changed
    And her basket is open
    When she checks out at the new price
    Then her order becomes approved
    And her order comes to <total>

    Examples:
      | moves | new   | total |
      | rises | $3.50 | $7.00 |
      | falls | $2.00 | $4.00 |

  Scenario: A price that is back where it was is not asked about
    Given Mina has a pen in her basket
    When a pen comes to cost $3.50
    And a pen comes to cost $3.00
    Then her basket shows no changed price
    When she checks out with a card that works
    Then her order becomes approved
    And her order comes to $3.00

  Scenario: The price of something else does not matter
    Given Mina has a pen in her basket
    When a bell comes to cost $45.00
    Then her basket shows no changed price
    When she checks out with a card that works
    Then her order becomes approved

  Scenario: A price that changes after the checkout does not change the order
    Given Mina has an approved order of a pen
    When a pen comes to cost $9.00
    And the bot Trundle takes the list of her order
    And all goods of her order are collected
    Then she gets an invoice of $3.00 for her order
