Feature: Learning what became of an order
  A shopper learns the outcome of a checkout in the way that suits her; every way tells the same.

  Background:
    Given the mall has these stores:
      | store             | product  | price  |
      | The Paper Lantern | pen      | $3.00  |
      | The Paper Lantern | notebook | $12.50 |
      | Brass and Bell    | bell     | $40.00 |
    And Mina is a shopper

  Scenario Outline: The approval, by <way>
    Given Mina orders a pen
    When she follows her order by <way>
    Then she learns that it is approved

    Examples:
      | way                       |
      | looking again and again   |
      | waiting                   |
      | reading its stream        |
      | listening on a WebSocket  |

  Scenario Outline: The rejection, by <way>
    Given Mina has a pen in her basket
    And she checks out with a card that is declined
    When she follows her order by <way>
    Then she learns that it is rejected because the payment was declined

    Examples:
      | way                       |
      | looking again and again   |
      | waiting                   |
      | reading its stream        |
      | listening on a WebSocket  |

  Scenario: All at once, while it happens
    Given Mina orders a pen
    When she follows her order in every way at once
    Then she learns that it is approved
    And all of them have told the same

  Scenario: All at once, long after it happened
    Given Mina has a rejected order of a pen
    When she follows her order in every way at once
    Then she learns that it is rejected because nobody knows the payment
    And all of them have told the same

  Scenario: The outcome is the answer to a checkout that waits
    Given Mina has a pen in her basket
    And she holds $3.00 on a card that works
    When she checks out with her payment, and waits
    Then she learns that it is approved
    And her order is approved

  Scenario: A shopper watches her order while others work on it
    Given Mina has an approved order of a pen
    When she watches her order
    And the bot Trundle takes the list of her order
    And all goods of her order are collected
    Then she has seen it become approved, ready
    When she pays the invoice of her order
    Then she has seen it become approved, ready, completed
