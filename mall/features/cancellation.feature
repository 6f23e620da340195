Feature: Orders that the shopper cancels
  A shopper may change her mind until a bot collects the goods. Then the order goes on.

  Background:
    Given the mall has these stores:
      | store             | product  | price  |
      | The Paper Lantern | pen      | $3.00  |
      | The Paper Lantern | notebook | $12.50 |
      | Brass and Bell    | bell     | $40.00 |
    And Mina is a shopper

  Scenario: An approved order is cancelled before a bot has it
    Given Mina has an approved order of two pens
    When she cancels her order
    Then the cancellation succeeds
    And her order is cancelled
    And the list of her order is cancelled
    And nothing is held on her card any more
    And her payment is given back
    And there is no invoice for her order
    And the history of her order reads "placed, approved, cancellation requested, cancelled"
    And she has been told exactly this:
      | We have received your order over $6.00.           |
      | Your order is approved.                           |
      | Your order is cancelled. Nothing will be charged. |

  Scenario: No bot can take the list of a cancelled order
    Given Mina has a cancelled order of a pen
    And the bot Trundle waits
    When the bot Trundle tries to take the list of her order
    Then this is refused because the list is not available
    And the bot Trundle is idle

  Scenario: The goods are being collected
    Given Mina has an approved order of a pen and a bell
    And the bot Trundle takes the list of her order
    When she cancels her order
    Then the cancellation fails because the order cannot be cancelled any more
    And her order is approved
    When all goods of her order are collected
    Then her order becomes ready
    And $43.00 is held on her card
    And she gets an invoice of $43.00 for her order
    And she has been told that her order is placed, approved, collecting, ready

  Scenario: The goods are all collected while she cancels
    Given Mina has an approved order of a pen
    And the bot Trundle takes the list of her order
    When she cancels her order
    And all goods of her order are collected
    Then the cancellation fails because the order cannot be cancelled any more
    And her order becomes ready

  Scenario: Right after the checkout
    Given Mina orders two pens and a bell
    When she cancels her order
    Then her order becomes cancelled
    And the cancellation succeeds
    And the list of her order ends cancelled, if there is one
    And nothing is taken from her card
    And nothing of her payment is held for an order
    And there is no invoice for her order
    And the checkout of her order has ended
    And she has been told last that her order is cancelled

  Scenario: Asking twice is asking once
    Given Mina has an approved order of a pen
    When she asks twice at once to cancel her order
    Then there is one cancellation
    And the cancellation succeeds
    And her order is cancelled

  Scenario Outline: An order that is <status> cannot be cancelled
    Given Mina has a <given> order of a pen
    When she tries to cancel her order
    Then this is refused because the order cannot be cancelled any more
    And her order is <status>

    Examples:
      | given     | status    |
      | collected | ready     |
      | completed | completed |
      | rejected  | rejected  |
      | cancelled | cancelled |
