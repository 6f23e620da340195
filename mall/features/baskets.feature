Feature: Baskets
  A shopper gathers goods in a basket until she checks out or gives it up.

  Background:
    Given the mall has these stores:
      | store             | product  | price  |
      | The Paper Lantern | pen      | $3.00  |
      | The Paper Lantern | notebook | $12.50 |
      | Brass and Bell    | bell     | $40.00 |
    And Mina is a shopper

  Scenario: A basket adds up
    Given Mina has two pens and a notebook in her basket
    Then her basket is open
    And her basket holds two pens and a notebook
    And her basket comes to $18.50

  Scenario: The same product again raises its quantity
    Given Mina has two pens in her basket
    When she puts three pens into her basket
    Then her basket holds five pens

  Scenario: A single unit more than 999 is too much
    Given Mina has 999 pens in her basket
    When she tries to put a pen into her basket
    Then this is refused because nobody can carry that many
    And her basket holds 999 pens

  Scenario Outline: <quantity> is not a quantity to put in
    Given Mina has a pen in her basket
    When she tries to put <quantity> bells into her basket
    Then this is refused because that is not a quantity
    And her basket holds a pen

    Examples:
      | quantity |
      | no       |
      | 1000     |

  Scenario: Units are taken out, and the line goes with the last of them
    Given Mina has three pens and a bell in her basket
    When she takes two pens out
    Then her basket holds a pen and a bell
    When she takes a pen out
    Then her basket holds a bell
    And her basket comes to $40.00

  Scenario: A whole line is taken out
    Given Mina has three pens and a bell in her basket
    When she takes all pens out
    Then her basket holds a bell

  Scenario: More than there are cannot be taken out
    Given Mina has two pens in her basket
    When she tries to take three pens out
    Then this is refused because there are not that many in the basket
    And her basket holds two pens

  Scenario: A store that has left sells nothing
    Given Mina has a pen in her basket
    When "The Paper Lantern" leaves the mall
    And she tries to put a notebook into her basket
    Then this is refused because the store has left the mall
    When "The Paper Lantern" comes back to the mall
    And she puts a notebook into her basket
    Then her basket holds a pen and a notebook

  Scenario: What is in the basket may be ordered although its store has left
    Given Mina has a pen in her basket
    When "The Paper Lantern" leaves the mall
    And she checks out with a card that works
    Then her order becomes approved

  Scenario: A product that is not sold any more cannot be put in, but taken out
    Given Mina has a bell in her basket
    When the bell is not sold any more
    And she tries to put a bell into her basket
    Then this is refused because there is no such product
    When she takes a bell out
    Then her basket holds nothing

  Scenario: An empty basket cannot be checked out
    Given Mina has an empty basket
    When she tries to check out
    Then this is refused because the basket is empty
    And her basket is open

  Scenario Outline: A basket that was given up takes no wish to <wish>
    Given Mina has a pen in her basket
    When she gives her basket up
    Then her basket is cancelled
    When she tries to <wish>
    Then this is refused because the basket is not open any more

    Examples:
      | wish                        |
      | put a pen into her basket   |
      | take a pen out              |
      | check out                   |
      | give her basket up          |

  Scenario Outline: A basket that was checked out takes no wish to <wish>
    Given Mina has a pen in her basket
    When she checks out with a card that works
    Then her basket is checked-out
    When she tries to <wish>
    Then this is refused because the basket is not open any more
    And her order becomes approved

    Examples:
      | wish                        |
      | put a pen into her basket   |
      | take a pen out              |
      | check out                   |
      | give her basket up          |

  Scenario: A customer who is disabled gets no basket
    When Mina is disabled
    And she tries to start a basket
    Then this is refused because the customer is disabled
    When she is enabled again
    And she tries to start a basket
    Then this is accepted
