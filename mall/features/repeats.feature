Feature: Asking again, and seeing what one did
  Who does not know whether a request arrived sends it again. Who has changed something sees it at once.

  Background:
    Given the mall has these stores:
      | store             | product  | price  |
      | The Paper Lantern | pen      | $3.00  |
      | The Paper Lantern | notebook | $12.50 |
      | Brass and Bell    | bell     | $40.00 |
    And Mina is a shopper

  Scenario: A checkout that is sent again orders once
    Given Mina has a pen in her basket
    And she holds $3.00 on a card that works
    When she checks out under the key "order"
    And she checks out under the key "order"
    Then her order becomes approved
    And she has one order only
    And she has been told that her order is placed, approved

  Scenario: A checkout that is sent again long after says what it said
    Given Mina has a pen in her basket
    And she holds $3.00 on a card that works
    When she checks out under the key "order"
    Then her order becomes approved
    When she checks out under the key "order"
    Then she has one order only

  Scenario: The key of a checkout does not serve for another
    Given Mina has a pen in her basket
    And she holds $3.00 on a card that works
    When she checks out under the key "order"
    And she tries to check out with another payment under the key "order"
    Then this is refused because the key was used for something else
    And she has one order only

  Scenario: A shopper sees her order at once
    Given Mina has a pen in her basket
    When she checks out with a card that works
    Then she can look at her order at once
    And her basket is checked-out
    And she has one order only

  Scenario: A shopper sees her basket as she left it
    Given Mina has a pen in her basket
    When she puts two bells into her basket
    And she takes all pens out
    Then her basket holds two bells
    And her basket comes to $80.00

  Scenario: What a store has changed is so for everybody who knows of it
    Given Mina has a pen in her basket
    When a pen comes to cost $3.25
    Then her basket shows that a pen went from $3.00 to $3.25
    And searching for "pen" finds:
      | product | store             | price |
      | pen     | The Paper Lantern | $3.25 |

  Scenario: Two checkouts of one basket at the same time order once
    Given Mina has a pen in her basket
    And she holds $3.00 on a card that works
    When she tries to check out twice at once
    Then one of the two is refused because the basket is not open any more
    And her order becomes approved
    And she has one order only
