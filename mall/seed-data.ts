/** A product of the seed: name, description, sku, and the price in minor units. */
export type SeedProduct = readonly [name: string, description: string, sku: string, price: number];

/** A store of the seed. */
export interface SeedStore {
  readonly name: string;
  readonly location: string;
  readonly products: readonly SeedProduct[];
}

/** What the mall sells before anybody has opened a store of their own. */
export const seedStores: readonly SeedStore[] = [
  {
    name: "The Paper Lantern",
    location: "Ground floor, by the north door",
    products: [
      ["Traveller's ink", "Blue-black, and dry before the train leaves. 50 ml.", "PL-INK-07", 1299],
      ["Fountain pen Heron", "A brass nib, a long neck, and patience with left-handers.", "PL-PEN-01", 4850],
      ["Notebook, two hundred leaves", "Sewn, so that it lies flat on any table.", "PL-NOTE-200", 1890],
      ["Pocket notebook", "Fits where the telephone used to be.", "PL-NOTE-48", 650],
      [
        "Linen writing paper",
        "Fifty sheets with a deckle edge, for letters that are kept.",
        "PL-PAPER-50",
        1450,
      ],
      [
        "Lined envelopes",
        "Twenty-five, lined in blue, so that nobody reads them by lamplight.",
        "PL-ENV-25",
        975,
      ],
      ["Sealing wax, claret", "Six sticks and a wick. Smells faintly of honey.", "PL-WAX-6", 1120],
      ["Folding lantern", "Rice paper over bamboo; opens to the size of a melon.", "PL-LAMP-S", 2200],
      ["Map of imaginary coasts", "Printed from a copper plate. Not for navigation.", "PL-MAP-03", 3600],
      ["Bone folder", "For creases that stay where they are put.", "PL-FOLD-1", 540],
      ["Pencils, a dozen", "Cedar, from 4B to 2H, and one that is simply red.", "PL-PENCIL-12", 1380],
      ["Blotting paper", "Ten sheets. Old-fashioned, until the first smudge.", "PL-BLOT-10", 420],
    ],
  },
  {
    name: "Fig & Anchor",
    location: "First floor, above the fountain",
    products: [
      [
        "Harbour blend coffee",
        "Dark, even-tempered, roasted on Tuesdays. 500 g, whole beans.",
        "FA-COF-500",
        1650,
      ],
      ["Morning tide tea", "Assam with a little smoke. 100 g in a tin.", "FA-TEA-100", 1190],
      ["Fig jam", "Figs, lemon, nothing else. 220 g.", "FA-JAM-FIG", 780],
      ["Heather honey", "Set firm by the cold, from eleven hives. 340 g.", "FA-HON-340", 1340],
      ["Sea salt flakes", "Raked by hand at low water. 250 g.", "FA-SALT-250", 690],
      [
        "Olive oil, early harvest",
        "Green, peppery, and better with bread than with advice. 500 ml.",
        "FA-OIL-500",
        2390,
      ],
      ["Oatcakes", "Sixteen. They break cleanly in two.", "FA-OAT-16", 395],
      ["Smoked almonds", "Over beech, slowly. 150 g.", "FA-ALM-150", 620],
      ["Dark chocolate with sea salt", "72 per cent, 100 g, from beans of one island.", "FA-CHOC-72", 590],
      ["Tin of sardines", "In tomato, packed the year before last, as they should be.", "FA-SARD-TOM", 480],
      ["Enamel mug", "White with a blue rim. Survives picnics and captains.", "FA-MUG-BLU", 1080],
      ["Picnic basket for two", "Willow and leather, with a place for the corkscrew.", "FA-BASK-2", 7900],
    ],
  },
  {
    name: "Moth & Marble",
    location: "Top floor, under the glass roof",
    products: [
      ["Wooden kite", "A dragonfly of cedar and silk; flies in a light breeze.", "MM-KITE-DF", 3450],
      ["Bag of marbles", "Forty, and one that is not like the others.", "MM-MARB-41", 890],
      ["Music box", "Plays eight bars that nobody remembers learning.", "MM-MUS-08", 4200],
      ["Telescope, brass", "Draws out to 60 cm. Shows four moons of Jupiter.", "MM-TEL-60", 12900],
      ["Spinning top", "Maple; the record in the shop is four minutes and nine seconds.", "MM-TOP-MAP", 740],
      ["Box of moths", "Twelve paper moths to fold, with a guide to their names.", "MM-MOTH-12", 1550],
      ["Night-light Owl", "Blinks when it is time to sleep.", "MM-OWL-1", 2650],
      ["Puzzle of the night sky", "1,000 pieces, most of them black.", "MM-PUZ-1000", 2300],
      ["Hand puppet Fox", "Felt, with an opinion on everything.", "MM-PUP-FOX", 2150],
      ["Glass paperweight", "A small storm, held still.", "MM-GLASS-ST", 5600],
      ["Card game Lighthouse", "For two to five keepers, about half an hour.", "MM-CARD-LH", 1790],
      ["Chalk, twenty colours", "For pavements. Gone by the next rain.", "MM-CHALK-20", 680],
    ],
  },
];

/** The customer of the seed. */
export const seedCustomer = { name: "Mina Okafor", email: "mina.okafor@example.com", smsNumber: "+15550100" };
