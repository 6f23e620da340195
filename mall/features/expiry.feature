Feature: Holds that nobody uses
  A hold on a card that no order uses is given back after a while.

  Background:
    Given the mall has these stores:
      | store             | product  | price  |
      | The Paper Lantern | pen      | $3.00  |
      | The Paper Lantern | notebook | $12.50 |
      | Brass and Bell    | bell     | $40.00 |
    And Mina is a shopper

  @short-holds
  Scenario: A hold expires, and pays for nothing any more
    Given Mina has a pen in her basket
    And she holds $3.00 on a card that works
    Then her payment has expired
    And nothing is held on her card any more
    When she checks out with her payment
    Then her order is rejected because the payment was declined
    And the list of her order is cancelled

  @short-holds
  Scenario: The hold of an order does not expire
    Given Mina has an approved order of a pen
    And Omar is a shopper
    When Omar holds $5.00 on a card that works
    Then Omar's payment has expired
    And Mina's payment belongs to an order
    And $3.00 is held on Mina's card
