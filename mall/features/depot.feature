Feature: Bots at the depot
  A bot takes one list at a time, and brings the goods when it has been to every store of it.

  Background:
    Given the mall has these stores:
      | store             | product  | price  |
      | The Paper Lantern | pen      | $3.00  |
      | The Paper Lantern | notebook | $12.50 |
      | Brass and Bell    | bell     | $40.00 |
    And Mina is a shopper

  Scenario: A bot that collects takes no second list
    Given Mina has an approved order of a pen
    And Omar is a shopper
    And Omar has an approved order of a bell
    When the bot Trundle takes the list of Mina's order
    And the list of Omar's order is available
    And the bot Trundle tries to take the list of Omar's order
    Then this is refused because the bot is busy
    When all goods of Mina's order are collected
    And the bot Trundle takes the list of Omar's order
    Then the bot Trundle is active

  Scenario: A list that a bot has is not given to another
    Given Mina has an approved order of a pen
    And the bot Trundle takes the list of her order
    And the bot Rattle waits
    When the bot Rattle tries to take the list of her order
    Then this is refused because the list is not available
    And the bot Rattle is idle
    And the bot Trundle is active

  Scenario: Goods are brought when every store was visited
    Given Mina has an approved order of a pen and a bell
    And the bot Trundle takes the list of her order
    When the bot tries to bring the goods of her order
    Then this is refused because there are stops left
    When the goods of her order are collected at "Brass and Bell"
    And the bot tries to bring the goods of her order
    Then this is refused because there are stops left
    And her order is approved
    When the goods of her order are collected at "The Paper Lantern"
    And the bot brings the goods of her order
    Then the list of her order is completed
    And her order becomes ready

  Scenario: Nothing is collected before a bot has the list
    Given Mina has an approved order of a pen
    When the bot tries to bring the goods of her order
    Then this is refused because the list is not assigned

  Scenario: The shopper is told once that her goods are being collected
    Given Mina has an approved order of a pen and a bell
    When the bot Trundle takes the list of her order
    And the goods of her order are collected at "The Paper Lantern"
    And the goods of her order are collected at "The Paper Lantern"
    Then she has been told that her order is placed, approved, collecting

  Scenario: Two bots reach for one list at the same time
    Given Mina has an approved order of a pen
    And the list of her order is available
    And the bot Trundle waits
    And the bot Rattle waits
    When the bots Trundle and Rattle try to take the list of her order at once
    Then one of the two is refused because the list is not available
    And one of the bots Trundle and Rattle is active
    When all goods of her order are collected
    Then her order becomes ready
