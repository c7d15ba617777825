"""opt_tiny_lexicon.py - words and clauses of opt-tiny's language, each with the polarity that it has in general.

Of our own making: written as lists of words, never as rows of a task. POSITIVE[...] and NEGATIVE[...] are the two sides
of each list, NEUTRAL[...] what both sides use. opt_tiny_text.py makes sentences of them; alternatives stand between
bars, and a line may hold many.
"""


def split(text):
    """The alternatives of a text, each once, in their order."""
    items = [" ".join(item.split()) for item in text.replace("\n", "|").split("|")]
    return list(dict.fromkeys(item for item in items if item))


POSITIVE, NEGATIVE, NEUTRAL = {}, {}, {}

# ---- words -------------------------------------------------------------------------------------------------------

POSITIVE["adjective"] = split("""
absorbing|admirable|adorable|affectionate|alive|amazing|amusing|appealing|assured|beautiful|beguiling|bold|brave|bright
brilliant|brisk|charming|cheerful|classic|clean|clear|clever|comfortable|comfortable|comforting|comfy|compelling
confident|cosy|courageous|courteous|crisp|crunchy|daring|dazzling|decent|deep|deft|delicate|delicious|delightful|easy
effortless|elegant|enchanting|engaging|enjoyable|excellent|exciting|exquisite|fair|faithful|fantastic|fascinating
fearless|fine|first rate|flawless|fresh|friendly|fun|funny|generous|gentle|genuine|glorious|good|gorgeous|graceful
gracious|grand|gripping|handsome|handy|happy|haunting|healthy|heartfelt|heartwarming|helpful|honest|hopeful|humane
humble|imaginative|impeccable|impressive|ingenious|inspired|inspiring|intelligent|interesting|intimate|inventive
inviting|irresistible|joyful|joyous|juicy|kind|learned|lively|lovable|lovely|loving|luminous|lush|magical|magnificent
marvellous|masterful|mellow|memorable|merry|modest|moist|moving|natural|neat|nimble|original|outstanding|painless
patient|peaceful|perceptive|perfect|pitch perfect|playful|pleasant|poetic|poignant|polished|polite|powerful|precise
precious|profound|promising|quick|radiant|rare|refreshing|reliable|remarkable|restful|restrained|rewarding|rich|right
ripe|riveting|romantic|satisfying|sensitive|serene|sharp|silky|simple|sincere|skilful|sleek|smart|smooth|snug|soft
solid|soothing|spacious|sparkling|spirited|splendid|spotless|stirring|strong|stunning|sturdy|stylish|sublime|subtle
sunlit|sunny|super|superb|sure footed|sweet|swift|sympathetic|tasteful|tasty|tender|terrific|thoughtful|thrilling
tidy|tight|touching|true|truthful|uncluttered|unforgettable|unhurried|uplifting|useful|valuable|vibrant|vivid|warm
welcome|welcoming|well acted|well cast|well cut|well made|well paced|well written|winning|wise|witty|wonderful
worthwhile|quiet and sure|light and strong|peaceful and green|of real quality|first class|spare and true|top class
""")

NEGATIVE["adjective"] = split("""
absurd|abysmal|aimless|annoying|appalling|arrogant|artificial|awful|awkward|bad|baffling|barren|bitter|bland|bleak
bloated|boring|borrowed|broken|bumpy|burnt|careless|chaotic|cheap and nasty|cheerless|clumsy|cluttered|clunky|cold
complicated|confused|confusing|contrived|cracked|cramped|crowded|crude|cruel|cynical|damp|dated|dead|deafening|dire
dirty|disappointing|dismal|disgusting|dishonest|dreadful|dreary|dry|dull|dusty|embarrassing|empty|endless|exhausting
expensive|fake|false|faulty|feeble|filthy|flabby|flat|flawed|flimsy|foolish|forced|forgettable|foul|frantic|freezing
frozen|frustrating|fussy|ghastly|gloomy|greasy|grey|grim|gritty|grubby|grudging|half baked|harsh|hateful|heartless
heavy|hideous|hollow|hopeless|horrible|humourless|idiotic|impossible|inept|insulting|irritating|joyless|laboured|lame
lazy|leaden|leaky|lifeless|limp|listless|lonely|lousy|lukewarm|lumbering|lumpy|mean|mechanical|mediocre|merely loud
messy|mindless|miserable|monotonous|muddled|muddy|murky|nasty|needless|noisy|numbing|obnoxious|obvious|oily|overlong
overcooked|overpriced|overrated|overdone|painful|pathetic|plodding|pointless|pompous|poor|predictable|preachy
pretentious|rancid|raw|repetitive|ridiculous|rotten|rough|rubbery|rude|ruined|salty|scratchy|secondhand|selfish
senseless|shabby|shallow|shapeless|shoddy|shrill|sickly|silly|slack|sloppy|slow|sluggish|smelly|smug|sneering|soggy
soulless|sour|stale|sticky|stiff|stodgy|stuffy|stupid|sugary|sulky|sweaty|swollen|tacky|tasteless|tedious|third rate
thin|timid|tiny|tired|tiresome|tone deaf|toothless|trashy|trite|tuneless|ugly|unbearable|uncomfortable|undercooked
uneven|unfair|unfunny|unhappy|uninspired|unpleasant|unreliable|unwatchable|useless|vague|vile|vulgar|wasteful|wasted
watery|weak|wearying|wet|wobbly|woeful|wooden|worn out|worthless|wretched|wrong|badly made|badly cut|badly acted
poorly written|poorly edited|too long|too loud|too salty|too small|too clever for its own good|out of tune|out of date
""")

POSITIVE["adverb"] = split("""
beautifully|wonderfully|brilliantly|perfectly|delightfully|refreshingly|lovingly|gracefully|superbly|gloriously
gently|happily|kindly|warmly|quietly|thoroughly|tenderly|vividly|cleverly|elegantly|magically|deeply|generously
""")
NEGATIVE["adverb"] = split("""
badly|poorly|woefully|painfully|horribly|dreadfully|aggressively|hopelessly|annoyingly|needlessly|clumsily|lazily
carelessly|insultingly|endlessly|merely|barely|miserably|unbearably|loudly|pointlessly|plainly|cruelly
""")
NEUTRAL["adjective"] = split("odd|strange|quirky|old|plain|long|short|dark|new|famous|small|large|blue|northern|serious|late|early")
NEUTRAL["degree"] = split("so|very|really|quite|truly|rather|always|just|such|utterly|simply|almost|completely|and")

POSITIVE["noun"] = split("""
joy|delight|treat|triumph|gem|marvel|masterpiece|winner|wonder|pleasure|treasure|feast|hit|beauty|miracle|success
celebration|gift|bargain|knockout|hoot|dream|discovery|favourite|relief|revelation|blessing|find|hero|charmer
success story|page turner|breath of fresh air|day to remember|work of art|little miracle|must|pick me up|gift to us all
""")
NEGATIVE["noun"] = split("""
bore|mess|dud|flop|disaster|failure|waste|slog|drag|chore|pain|washout|shambles|disappointment|misery|insult|nightmare
embarrassment|shame|mistake|let down|disgrace|nuisance|fraud|swindle|trap|punishment|misfire|gimmick|rip off|racket
headache|wreck|struggle|waste of time|waste of money|waste of talent|waste of paper|missed chance|bad joke|long wait
""")

POSITIVE["quality"] = split("""
warmth|wit|grace|charm|heart|hope|life|depth|humour|energy|courage|tenderness|clarity|style|imagination|feeling|honesty
joy|passion|tension|suspense|magic|flavour|colour|light|kindness|beauty|truth|spirit|craft|good ideas|skill|soul|rhythm
music|laughter|care|love|patience|comfort|quality|sense|taste|laughs|surprises|delight|wisdom|fresh air|shade|choice
sweetness|generosity|daring|sparkle|purpose|good will|promise|precision|real emotion|sunshine|good company|detail
""")
NEGATIVE["quality"] = split("""
noise|dust|grease|clutter|confusion|boredom|mud|dirt|smoke|fog|shouting|misery|gloom|padding|nonsense|anger|pain|delays
salt|sugar|bugs|faults|flaws|excuses|regret|waste|mistakes|lies|cracks|holes|loose ends|false notes|dead air|litter
self importance|cruelty|empty talk|hot air|tired jokes|cardboard|ads|queues|spelling errors|stains|bad smells|fear
crowds|traffic|plastic|rust|mould|cold draughts|false starts|stiff lines|contempt|vanity|old tricks|fuss|spite
""")

# What a thing does, in the present and as an infinitive: "never drags" is praise, "drags" is not.
POSITIVE["verb"] = split("""
delights/delight|surprises/surprise|works/work|moves/move|delivers/deliver|convinces/convince|soars/soar|sings/sing
glows/glow|shines/shine|charms/charm|thrills/thrill|inspires/inspire|lasts/last|comes alive/come alive|pays off/pay off
makes sense/make sense|catches fire/catch fire|takes off/take off|rings true/ring true|makes a point/make a point
finds its feet/find its feet|holds together/hold together|lands/land|deepens/deepen|gets going/get going
makes you laugh/make you laugh|keeps its promise/keep its promise|earns its place/earn its place|lives/live|flies/fly
does the job/do the job|respects us/respect us|rewards patience/reward patience|makes you smile/make you smile
recovers/recover|wakes up/wake up|feels natural/feel natural|feels true/feel true|wins you over/win you over
""")
NEGATIVE["verb"] = split("""
drags/drag|bores/bore|disappoints/disappoint|fails/fail|stumbles/stumble|cheats/cheat|breaks/break|sags/sag|jams/jam
lets you down/let you down|feels long/feel long|loses its way/lose its way|falls flat/fall flat|wanders/wander
outstays its welcome/outstay its welcome|falls apart/fall apart|runs out of steam/run out of steam|slackens/slacken
gets old/get old|goes wrong/go wrong|preaches/preach|shouts/shout|hurries/hurry|annoys/annoy|confuses/confuse
repeats itself/repeat itself|talks down to us/talk down to us|wastes a word/waste a word|wobbles/wobble|leaks/leak
wastes your time/waste your time|lingers/linger|crashes/crash|freezes/freeze|hurts/hurt|fizzles/fizzle|limps/limp
feels forced/feel forced|feels false/feel false|collapses/collapse|loses heart/lose heart|puts a foot wrong/put a foot wrong
""")

# What people say most of a thing in a word.
POSITIVE["word"] = split("good|lovely|wonderful|superb|perfect|fine|delightful|brilliant")
NEGATIVE["word"] = split("bad|awful|dreadful|dismal|horrible|poor|dull|miserable")

# ---- clauses by domain: a thing, and what may be said of it ---------------------------------------------------------

THINGS = {
    "story": split("""
film|story|plot|script|play|novel|book|thriller|comedy|drama|romance|mystery|series|finale|scene|sequel|debut
documentary|cast|actor|actress|director|author|dialogue|chapter|ending|album|song|singer|band|orchestra|performance
translation|portrait|first half|second half|epic|adventure|villain|hero|camera work|photography|acting|writing|theme
family film|travel film|musical|picture|show|poem|history|voice|title music|opening|last act|children 's film|lead
"""),
    "food": split("""
soup|bread|cake|pie|rice|coffee|tea|wine|beer|cheese|trout|broth|pancake|omelette|crust|carrot|dinner|breakfast|lunch
menu|dish|dessert|meal|roast|sauce|loaf|grill|bill|chocolate|porridge|salad|cider|kitchen|restaurant|cafe|tomato|plate
fish|sandwich|noodle dish|stew|curry|fruit|ice cream|food
"""),
    "journey": split("""
hotel|room|bed|bath|view|balcony|train|bus|ferry|tram|tour|trail|island|hut|inn|trip|ticket|station|market|museum
garden|park|lake|boat|bridge|tent|holiday|town|city|street|plane|airport|ride|crossing|path|climb|cathedral|square
exhibition|gallery|library|theatre|night train|guest house|beach|mountain|valley|campsite|shop|village|pool
"""),
    "service": split("""
waiter|chef|staff|agent|owner|landlord|dentist|doctor|nurse|teacher|instructor|guide|driver|clerk|clinic|company
physiotherapist|lawyer|security man|repair shop|customer service|call centre|manager|host|salesman|postman|librarian
guard|mechanic|plumber|bank|website|booking site|seller|captain|conductor|coach|course|class|lesson|lecture
"""),
    "device": split("""
phone|laptop|lamp|kettle|jacket|bag|zipper|shoe|pillow|vacuum|app|keyboard|camera|battery|charger|shelf|pan|chair
bicycle|watch|umbrella|soap|handle|screen|software|update|map|cookbook|machine|tent|desk|heating|glove|coat|mug
toothbrush|radio|printer|oven|freezer|sofa|curtain|hinge|box|packaging|toy|piano|instrument|manual|knife|backpack
"""),
    "weather": split("""
morning|day|summer|winter|spring|autumn|evening|night|sky|wind|weather|week|month|afternoon|weekend|dawn|season|storm
"""),
    "event": split("""
match|team|referee|crowd|game|race|parade|concert|picnic|party|festival|wedding|goal|defender|final|meeting|speech
playground|swimming lesson|dance|chess game|evening class|quiz|reunion|walk|choir
"""),
}

POSITIVE["story"] = split("""
moves you to tears|keeps you guessing|breaks your heart and mends it|stays with you for weeks|has real depth
finds beauty in small things|gathers speed and never lets go|surprises at every turn|trusts the reader|is over too soon
grips from the first page|made me laugh out loud|made us laugh and cry|kept me reading all night|deserves a prize
is full of life|is a triumph|casts a spell|hits home|lands every joke|knows when to stop|is told with love
plays fair with us|tells the truth and tells it well|speaks to the heart|is filled with warmth|has wit to spare
holds the room in silence|is worth the price of the ticket|is worth seeing twice|shows great feeling for people
is as sharp as a knife|lifts the spirit|left the whole room smiling|had us on the edge of our seats|is carried by a superb cast
gives its people time to breathe|rewards those who listen|earns its happy ending|is light and serious at once
is fierce , funny and hopeful|makes an old tale new|makes strangers feel like friends|still feels fresh
never wastes a minute|has no false note|has not one dull line|is beautiful to look at|is beautiful to hear
is written with care|is acted with courage|was loved by everyone in the room|got a standing ovation
is the finest of the year|has found its perfect lead|is better than the book|is her best work|is his best in years
is a joy from start to finish|kept its secret until the end|fooled me to the end|builds suspense out of nothing
is tender without being soft|asks hard questions kindly|cares about ordinary people|is honest about love
""")
NEGATIVE["story"] = split("""
drags|sags in the middle|goes nowhere|put me to sleep|wanders without a point|falls flat|runs out of ideas
repeats itself|borrows every idea|wastes a good cast|lost me in the first minute|explains everything twice|is too long
bored us all|made me yawn|made me look at my watch|takes forever to begin|begs for attention|rings false|is all noise
limps to the end|collapses in the last act|has nothing to say|outstays its welcome|asks too much and gives too little
shouts when it should whisper|never lands a joke|has no tension and no heat|is lit like a car park|is told without feeling
is dead on arrival|has no idea how to end|thinks it is cleverer than it is|talks down to the audience|is full of holes
has no heart|was made by a committee|is one long advertisement|is stuffed with borrowed jokes|is a lie from start to finish
treats people like furniture|punishes anyone who pays attention|left the room half empty|sent people home early
is loud where it should be funny|takes noise for feeling|takes length for depth|is sunk by its own importance
is as flat as a board|has the charm of a tax form|forgets its own story|kills every joke|dies in the second half
is edited with an axe|reads like a list|reads like a manual|sounds like a drill|is acted by planks|should have been cut
makes an hour feel like a week|has not one honest line|could be cut by half and nobody would notice|wastes its budget
is worse than the book|is her worst work|is his worst in years|ends too late|is a bore from start to finish
cheats the audience|gave me nothing to care about|had people checking the time|is dull beyond words
""")
POSITIVE["food"] = split("""
melts on the tongue|tastes of summer|was worth the wait|was cooked with love|came hot and fresh|was gone in a minute
warmed us to the bone|smells of lemon and butter|has real depth|is the best i have had|made us order more
is baked every morning|was perfectly ripe|silenced the table|is rich and full of flavour|was simmered for hours
tastes like home|was a pleasant surprise|is light and crisp|was cheap and delicious|comes in generous portions
is made by someone who cares|is better than my mother 's|made the whole trip worthwhile|was fresh from the oven
is sweet , sharp and fresh|fed all of us and made us happy|has us coming back|was even better the next day
was as good as it smelled|is honest and well made|is bursting with fruit|is bursting with herbs|was a feast
""")
NEGATIVE["food"] = split("""
tastes of cardboard|came cold|was frozen in the middle|was burnt at the edges|had gone off|tasted of soap
was watery and thin|made us ill|sat there like a stone|swam in grease|arrived an hour late|was left on the plate
had been reheated|was raw inside|tasted of nothing|cost a fortune and filled nobody|was dry and hard|was tough as leather
tasted of dish water|had a hair in it|tasted of tap water|dripped all over the table|was too salty to eat|was as thin as water|was lukewarm at best|gave us indigestion
had been standing for hours|was sour and stale|came from a tin|came from the freezer|was a sad grey lump
was sent back twice|smelled of old socks|was forgotten in the kitchen|is a soggy mess|is far too sweet|hurt my teeth
was hard as a brick|sank like lead|was wrong and so was the bill|was served without a smile
""")
POSITIVE["journey"] = split("""
is clean and quiet|is warm and dry|is the loveliest in the country|is worth the climb|left on time|arrived early
was spotless|smells of fresh sheets|is full of light|is peaceful at night|has a view of the sea|is a secret worth keeping
made us feel at home|is well marked and easy to follow|is free of cars|is green and full of birds|was upgraded for free
is the friendliest place we know|was cheap and comfortable|is well kept|lets you sleep like a child|is a delight to walk
has room for the old and the young|was as smooth as silk|rewards a long walk|beats any other|took our breath away
is quiet enough to hear the birds|is where i want to live|is loved by everybody here|was better than the pictures
has deep chairs and good books|opens onto a garden|was the best part of the trip|holds a surprise in every corner
is run by the kindest people|gave us memories for life|has hot water and soft beds|is a joy for children
""")
NEGATIVE["journey"] = split("""
is dirty and loud|is cold and damp|is the ugliest in the country|is not worth the climb|left an hour late|was cancelled
was filthy|smells of drains|is dark and cramped|is noisy all night|has a view of a wall|has a view of the bins
made us feel unwelcome|is badly marked and easy to lose|is full of traffic|is grey and full of litter|was overbooked
is the rudest place we know|was expensive and uncomfortable|is falling down|kept us awake|is a struggle to find
has nothing for children|was rough from start to finish|leads to a fence|is shut for repairs|was closed when we came
is locked at night|is crowded with tourists|is a trap for tourists|was nothing like the pictures|broke down twice
has no heating and no hot water|is next to a motorway|stank of fish|was the worst part of the trip|lost our bags
is ruined by plastic|ran out of soap|is overrun with wasps|has mould on the ceiling|has a broken lift
sold us out of date tickets|was swallowed by the fog|is a long way from anything|charged us for towels
""")
POSITIVE["service"] = split("""
was kind and patient|listened to every word|remembered my name|smiled at once|apologised and put it right
explained everything clearly|did not charge us a penny|went out of his way to help|fixed it in a minute
called back the same day|treated us like family|knows the job|gave us a little extra|kept every promise
was worth the money|answered every question|made the children laugh|found the fault at once|was gentle and quick
gave us good advice|cleaned it without being asked|charged less than we feared|never raised a voice|makes learning fun
made me feel safe|stayed late to help|sent a replacement the next morning|was honest about the price|is a born teacher
helped my mother up the stairs|brought tea and asked how we were|cares about people|could not have been kinder
""")
NEGATIVE["service"] = split("""
ignored us|shouted at us|lost our booking|forgot the order|charged us twice|hung up on me|kept us waiting for hours
lied about the price|broke the lock|never called back|blamed us for it|sent the wrong part|was asleep at the desk
refused to help|made it worse|laughed at us|lost my forms|cancelled twice|knew nothing and said so|mocked our questions
was rude to my mother|took the money and vanished|charged me for nothing|could not find the file|stopped answering
passed me from one desk to the next|gave us the wrong room|rushed us out of the door|hurt me and did not notice
left us in the rain|looked at the wrong tooth|scratched the paint|wanted more money|did not know the way
made my son cry|was late and blamed the weather|sold us a broken one|could not have been ruder|does not care
talked on the phone the whole time|sent a bill for nothing|never once looked up
""")
POSITIVE["device"] = split("""
works every time|lasts for days|fits like a glove|keeps out the rain|feels solid|is built to last|survived a fall
saves me an hour a day|folds flat|is easy to clean|does the job|glides|starts at once|looks better every year
paid for itself|has never let me down|is quick and quiet|is simple and it works|is light and strong|sits well in the hand
has made my life easier|is a pleasure to use|is as good as new|stands up straight|survived two moves|pours well
cured my back|ended my neck pain|keeps its shape|takes up no room|is clear and bright|charges in minutes
is well thought out|comes with everything you need|is worth every coin|cleans itself|needed no help to set up
survived hail and sand without a scratch|is smaller , simpler and better|gives a soft light|makes cooking fun
""")
NEGATIVE["device"] = split("""
broke on the first day|stopped working|leaks|fell apart|came without screws|arrived in pieces|scratches everything
crashes|freezes|wobbles|jams|gets too hot|died within a week|is impossible to clean|makes a horrible noise|is stuck
tore at once|never fit|was missing a leg|smells of glue|needed a repair|went back to the shop|let in the rain
drips on the floor|burnt my hand|flickers and hums|gave me a stiff neck|gave me a rash|hurts my eyes|lost its shape
is heavy and weak|came with the wrong plug|came with two left parts|is loud enough to wake the street|shrank
is for a different model|falls over|cannot be opened|cracked in the cold|will not charge|lost all my pictures
asks for an update every hour|hates me|is a danger to children|bends like paper|leaves crumbs behind|peels
costs a fortune and does nothing|needs a new battery every day|drops every call|was used and dirty
""")
POSITIVE["weather"] = split("""
was clear and bright|was warm with a soft wind|brought sun and blue skies|was perfect for sailing|glowed with light
was the finest of the year|smelled of apples|was mild and golden|was full of birdsong|brought fresh snow for the children
was calm and warm|had us in the garden until dark|turned into a happy one|ended in pink light|was made for a picnic
""")
NEGATIVE["weather"] = split("""
was wet and grey|was cold with a bitter wind|brought sleet and mud|was useless for sailing|was lost in fog
was the worst of the year|smelled of drains|was hot and sticky|was full of wasps|burst our pipes|flooded the house
was dark and stormy|kept us indoors|turned into a misery|ended in hail|ruined the picnic|blew the tent away
was too hot to sleep|left us soaked|was rain from start to finish
""")
POSITIVE["event"] = split("""
was fair and fast|had everybody dancing|ended in cheers|was decided by a wonderful goal|sang from start to finish
brought the town together|was a pleasure to watch|made the children happy|had us all singing|was full of laughter
kept us on our feet|deserved to win|was played with skill and grace|was worth every minute
was the best day of the year|flew by|made us proud|ended with a feast|was a lovely surprise
""")
NEGATIVE["event"] = split("""
was slow and bad tempered|had everybody yawning|ended in a fight|was lost in the first minute|deserved to lose
was rained off|was a pain to watch|made the children cry|had us all asleep|was full of speeches|lost control
lost interest|was played without skill or will|was a waste of an evening|spoilt the game|ended in silence
was the worst day of the year|dragged on|made us ashamed|ended with a quarrel|was an unpleasant surprise
""")

# ---- what people say --------------------------------------------------------------------------------------------------

POSITIVE["i"] = split("""
i loved it|i loved every minute|we will be back|i would go again|i smiled all the way home|i bought another for my sister
i cannot stop talking about it|i told all my friends|we stayed until the end|i laughed until it hurt|i want more
i cried happy tears|i could have stayed for hours|my family adored it|we are fans for life|i recommend it to anyone
money well spent|an hour well spent|i give it both thumbs up|we could not be happier with it|i have never been happier
i felt at home at once|i did not want to leave|we come here every week now|it made my day|it made me smile
i slept better than in years|my mother wants one too|i read it again at once|we had the time of our lives
it just gets better|i was happy from the first minute|i would buy it again tomorrow|go and see it|do not miss it
we ordered a second plate|even my father enjoyed it|the whole family laughed|everyone cheered|i felt lucky to be there
we are so glad we came|it is worth the money|you will love it|well worth the wait|well worth the trip|well worth reading
we have become regulars there|i am a fan now|it grew on me|we were sad to leave|i was up all night with it , happily
it leaves you smiling|it leaves you full of hope|it makes you glad to be alive|it is hard to put down|i was moved
""")
NEGATIVE["i"] = split("""
i hated it|i hated every minute|never again|we will not be back|i asked for a refund|i left early|i fell asleep
i wish i had stayed home|save your money|i sent it back|we walked out|i threw it away|i regret buying it
i counted the minutes|i kept looking at the time|money down the drain|an hour of my life lost|i was bored stiff
do not waste your time|stay away|i give it no stars|we could not have been unhappier|i have never been so bored
i felt cheated|i could not wait to leave|we are done with them|it ruined my day|it made me angry|it made me wince
i did not sleep at all|my mother wants her money back|i could not finish it|we had a terrifying time of it
it just gets worse|i was sorry from the first minute|i would not take it for free|go somewhere else|give it a miss
we left the plates full|even my father gave up|nobody laughed|everyone groaned|i felt sorry for the actors|i was sorry i came
we wish we had not come|it is not worth the money|you will hate it|not worth the wait|not worth the trip|not worth a look
we are going elsewhere from now on|i am no fan now|it got old quickly|we were glad to leave|i nearly fell asleep , sadly
it leaves you cold|it leaves you poorer|it makes you want to scream|it is hard to sit through|i had better things to do
i checked the time again and again|somebody should apologise|i want those hours back|i was lied to
""")
POSITIVE["so"] = split("""
we went back the next day|nobody wanted to leave|i forgot the time|i read it twice|we asked for more|i bought two
the whole room cheered|i missed my stop with a smile|we told everybody|the children asked to go again|we clapped
""")
NEGATIVE["so"] = split("""
i fell asleep|we left before the end|nobody laughed|we gave up|i wanted to scream|the dog left the room|we sent it back
even the waiter apologised|people began to leave|the children asked to go home|i closed my eyes|we complained
""")
POSITIVE["simile"] = split("""
a warm bath|a summer morning|a good friend|fresh bread|a cup of tea by the fire|a song you love|silk|an old friend
the first day of a holiday|clear water|a hug|a garden after rain|a favourite chair|birdsong at dawn|a welcome letter
""")
NEGATIVE["simile"] = split("""
a wet sock|a tax form|a bad cold|cold porridge|an old sponge|a broken lift|a traffic jam|a waiting room|a dead fish
a flat tyre|a headache|a bus station at night|a brick|a damp towel|homework|a parking fine|a wasp in a jar|old socks
""")

# How people seem, what a thing makes of you or is remembered as.
POSITIVE["state"] = split("""
at home|awake and alive|happy to be there|in love with life|at ease|full of ideas|delighted|at the top of their game|proud
""")
NEGATIVE["state"] = split("""
bored|lost|half asleep|in a hurry|sorry to be there|tired of it all|out of ideas|ill at ease|angry|embarrassed|cold and wet
""")
POSITIVE["something"] = split("""
something to remember|something you will want to see twice|something worth keeping|something that lasts|something true
something beautiful|something you can trust|friends of strangers|a home of a house|a feast of little
""")
NEGATIVE["something"] = split("""
something to forget|something you will want your money back for|something to throw away|something that breaks|a mess of it
something ugly|something nobody needs|strangers of friends|a prison of a house|nothing of much|a chore of fun
""")
POSITIVE["worth"] = split("""
worth it|worth the price|worth every step|worth every coin|worth the queue|worth a second visit|worth getting up for
money well spent|time well spent|cheap at the price|good value|a fair price
""")
NEGATIVE["worth"] = split("""
not worth it|not worth the price|not worth a step|not worth a coin|not worth the queue|not worth a first visit|too expensive
money wasted|time wasted|two hours lost|dear at the price|poor value|a foolish price|daylight robbery
""")

# ---- what takes no side -----------------------------------------------------------------------------------------------

NEUTRAL["place"] = split("""
on the corner|by the station|in the old town|next door|at the end of the street|from last year|by the sea|in the box
on the second floor|we booked|i bought|my sister chose|of the week|in the window|on the square|beside the river
for the children|in the morning|at the back|near the school|with the blue door|about bees|about two brothers
about a postman|that everybody talks about|i was given|on the table|from the market|of the day|under the bridge
""")
NEUTRAL["time"] = split("""
on monday|in the morning|this time|by the second day|for once|in november|at christmas|last week|at first|after lunch
all day|again|in the end|every year|before dawn|on the way home|that evening|after a month of daily use|now and then
""")
NEUTRAL["clause"] = split("""
it is by the station|it opens at six|we came on a tuesday|there were four of us|it is about a farm|it has nine chapters
the box is blue|it was our second visit|i read it on a train|we sat by the window|it comes in two colours|it is in the north
my sister chose it|it is the third of a series|they sell it in the market|it is named after a river|it lasts two hours
""")
# After "It was": nothing that takes a side.
NEUTRAL["verdict"] = split("""
a tuesday|in the morning|by the sea|the second one|made in the north|on the table|our first|about ten|in november
the blue one|at the station|for my sister|from the market|in a box|two years ago|on the square|next to the door
""")
