Feature: Orders that cannot be carried out
  An order that cannot be carried out is rejected with its reason, and everything that was done for it is undone.

  Background:
    Given the mall has these stores:
      | store             | product  | price  |
      | The Paper Lantern | pen      | $3.00  |
      | The Paper Lantern | notebook | $12.50 |
      | Brass and Bell    | bell     | $40.00 |
    And Mina is a shopper

  Scenario Outline: A card <card> pays for nothing
    Given Mina has two pens in her basket
    When she checks out with a card <card>
    Then her order is rejected because the payment was declined
    And nothing was ever held on her card
    And the list of her order is cancelled
    And there is no invoice for her order
    And she has been told exactly this:
      | We have received your order over $6.00.                       |
      | We cannot carry out your order: the payment was declined.     |

    Examples:
      | card                 |
      | that is declined     |
      | without enough money |

  Scenario: The payment is smaller than the order
    Given Mina has a bell in her basket
    When she checks out with a hold of $39.99
    Then her order is rejected because the payment is too small
    And the list of her order is cancelled
    And her payment can be used for an order
    And there is no invoice for her order
    And she has been told exactly this:
      | We have received your order over $40.00.                           |
      | We cannot carry out your order: the payment does not cover the total. |

  Scenario: A payment that was too small still pays for a smaller order
    Given Mina has a bell in her basket
    And she checks out with a hold of $12.50
    And her order is rejected because the payment is too small
    When she has a notebook in her basket
    And she checks out with her payment
    Then her second order becomes approved
    And her payment belongs to an order

  Scenario: Nobody knows the payment
    Given Mina has a pen in her basket
    When she checks out with a payment that nobody has
    Then her order is rejected because nobody knows the payment
    And the list of her order is cancelled
    And there is no invoice for her order
    And she has been told that her order is placed, rejected

  Scenario: The payment is somebody else's
    Given Omar is a shopper
    And Omar holds $50.00 on a card that works
    And Mina has a pen in her basket
    When Mina checks out with Omar's payment
    Then Mina's order is rejected because the payment is somebody else's
    And the list of Mina's order is cancelled
    And Omar's payment can be used for an order
    And $50.00 is held on Omar's card
    And Mina has been told that her order is placed, rejected

  Scenario: A payment pays for one order only
    Given Mina has an approved order of a pen
    And she has a pen in her basket
    When she checks out with her payment
    Then her second order is rejected because the payment was used already
    And the list of her second order is cancelled
    And there is no invoice for her second order
    And her first order is approved
    And $3.00 is held on her card

  Scenario: A payment that was given back pays for nothing
    Given Mina has a cancelled order of a pen
    And she has a pen in her basket
    When she checks out with her payment
    Then her second order is rejected because the payment was used already
    And nothing is held on her card any more

  Scenario: The customer was disabled before the checkout
    Given Mina has a pen in her basket
    And she holds $3.00 on a card that works
    When she is disabled
    And she checks out with her payment
    Then her order is rejected because the customer is disabled
    And nothing was to be collected for her order
    And her payment can be used for an order
    And there is no invoice for her order
    And she has been told that her order is placed, rejected

  Scenario: A product was taken off sale before the checkout
    Given Mina has a pen and a bell in her basket
    And she holds $43.00 on a card that works
    When the bell is not sold any more
    And she checks out with her payment
    Then her order is rejected because a product is not sold any more
    And nothing was to be collected for her order
    And her payment can be used for an order
    And there is no invoice for her order
    And she has been told that her order is placed, rejected

  Scenario: The shopper who was rejected tries again, with success
    Given Mina has a rejected order of a pen
    When she orders a pen
    Then her first order is rejected
    And her second order becomes approved
