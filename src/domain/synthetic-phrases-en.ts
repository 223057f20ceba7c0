/**
 * What is said in the synthetic consultations in English (phrase-grammar.ts).
 *
 * Alternatives stand every few words on purpose: text made of whole fixed sentences would compress far better
 * than real speech, and benchmarks on it would mislead.
 */
import { listed, type PhraseRules } from './phrase-grammar.js';

export const PHRASES_EN: PhraseRules = {
  symptom: listed(
    'headaches|chest pain|nausea|shortness of breath|a dry cough|palpitations|dizziness|back pain|joint pain|cramps|diarrhea|constipation|a sore throat|a runny nose|blurry vision|a rash|itching|night sweats|chills|a fever|heartburn|numbness|tingling|swelling|fatigue|weakness|insomnia|burning when I pee|blood in the urine|wheezing|ear pain|ringing in the ears|muscle aches|vomiting|bloating|loss of appetite|hot flashes|a stiff neck|hoarseness|bruising|tremors|anxiety|leg cramps|hives|nosebleeds|double vision|a lump|reflux|low mood|weight loss',
  ),
  part: listed(
    'lower back|left shoulder|right knee|chest|stomach|neck|left ankle|right hip|jaw|forehead|throat|both legs|fingers|left wrist|upper arm|ribs|right eye|big toe|calf|groin|elbow|temples|left ear|scalp|thigh|lower belly|right side|shin|heel|hands|upper back|sinuses|tailbone|armpit|collarbone',
  ),
  drug: listed(
    'ibuprofen|Tylenol|lisinopril|metformin|omeprazole|amoxicillin|atorvastatin|losartan|albuterol|prednisone|sertraline|gabapentin|amlodipine|levothyroxine|aspirin|cetirizine|naproxen|tramadol|furosemide|warfarin|metoprolol|Lexapro|Synthroid|Flonase|insulin|hydrochlorothiazide|azithromycin|cephalexin|meloxicam|Zoloft|pantoprazole|montelukast|clopidogrel|doxycycline|Flexeril|Benadryl|melatonin|famotidine|rosuvastatin|duloxetine',
  ),
  condition: listed(
    'high blood pressure|diabetes|asthma|migraines|arthritis|depression|hypothyroidism|kidney stones|high cholesterol|COPD|gout|anemia|reflux disease|heart failure|atrial fibrillation|sleep apnea|osteoporosis|glaucoma|a stroke|breast cancer|eczema|psoriasis|ulcers|pneumonia|sinusitis|a hernia|gallstones|diverticulitis|endometriosis|fibromyalgia|bronchitis|shingles|vertigo|lupus|hepatitis|sciatica',
  ),
  relative: listed(
    'mother|father|grandmother|older brother|sister|aunt|uncle|wife|husband|son|daughter|grandfather|cousin|twin sister|partner|mother in law|nephew',
  ),
  job: listed(
    'teacher|truck driver|nurse|cook|accountant|carpenter|cashier|mechanic|secretary|roofer|waiter|farmer|software engineer|librarian|hairdresser|plumber|bus driver|salesman|warehouse worker|gardener|retired officer|bookkeeper|baker|student|electrician|janitor|lawyer|flight attendant',
  ),
  activity: listed(
    'climbing stairs|walking the dog|lying down|lifting boxes|gardening|driving|sleeping on that side|eating|running|bending over|working at the desk|coughing|swimming|carrying groceries|doing laundry|standing up fast|playing tennis|mowing the lawn|chewing|reading|shoveling snow|taking a shower|dancing|painting the garage|picking up my grandson|breathing in deep|hiking|cooking|playing golf|sitting too long',
  ),
  food: listed(
    'coffee|spicy food|milk|fried chicken|pizza|seafood|peanuts|red wine|tomatoes|eggs|salad|chocolate|soda|beans|onions|oatmeal|strawberries|a big dinner|tacos|ice cream|curry|bread|cheese',
  ),
  number: listed(
    'two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|a couple of|a few|several|2|3|4|6|10|20',
  ),
  unit: listed('days|weeks|months|years|hours|nights|minutes'),
  soon: listed('{number} days|{number} weeks|{number} months'),
  day: listed(
    'Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Christmas|my birthday|last night|this morning|yesterday|the weekend|Easter|March|July|October|the holidays',
  ),
  ago: listed(
    '{number} {unit} ago|since {day}|for {number} {unit}|about {number} {unit}|on and off for {number} {unit}|maybe {number} {unit} now|since around {day}|for the last {number} {unit}',
  ),
  quality: listed(
    'sharp|dull|burning|throbbing|stabbing|tight|sore|heavy|achy|tender|stiff|numb|itchy|swollen|red|warm|constant|weird|awful|terrible|mild|annoying|scary|unbearable|crampy|shooting|worse|electric|raw',
  ),
  severity: listed(
    '{score}|like {score} or so|{score} out of ten|{score} or {score}|pretty bad|not too bad|the worst ever|moderate|around {score}',
  ),
  score: listed('two|three|four|five|six|seven|eight|nine|ten|3|5|7|8'),
  when: listed(
    'at night|in the morning|after I eat|when I wake up|all day long|every day|now and then|during the day|after work|at the end of the day|when it rains|out of nowhere|when I am stressed|most evenings|before bed|once in a while|on weekends|in the shower',
  ),
  how: listed(
    'kind of|really|a little|pretty|super|quite|sort of|very|so|honestly|mostly|just|definitely|maybe|always|still|getting|somewhat',
  ),
  dose: listed(
    '5 milligrams|ten milligrams|20 milligrams|forty milligrams|500 milligrams|800 milligrams|one tablet|two pills|a teaspoon|25 micrograms|half a tablet|two puffs|100 milligrams|a low dose',
  ),
  often: listed(
    'once a day|twice a day|every {number} hours|at bedtime|as needed|with food|in the morning|three times a day|every other day|before meals|weekly',
  ),
  test: listed(
    'blood work|a chest x-ray|an EKG|an MRI|a urine test|an ultrasound|a CT scan|a strep test|an A1C|a stool sample|a colonoscopy|thyroid labs|a lung function test|a stress test|a skin biopsy|an echocardiogram|a lipid panel|a blood count',
  ),
  result: listed(
    'looks fine|came back normal|is a bit high|was low|shows some inflammation|is stable|is borderline|looks better than last time|worries me a little|is unremarkable|is elevated',
  ),
  place: listed(
    "Florida|the farm|Texas|my sister's place|the beach|downtown|Mexico|the mountains|Chicago|work|the gym|church|the lake|Ohio|the pharmacy|school|Canada|the grocery store|home|the hospital",
  ),
  greeting: [
    '[Good morning|Good afternoon|Hello|Hi|Hi there|Hey], [how are you|what brings you in|how can I help|what seems to be the problem|how have you been][ today| this morning|]?',
    '[Hi|Hello|Welcome back], [I am|this is|my name is] [doctor|Dr.] [Smith|Patel|Kumar|Jones|Garcia|Lee|Brown|Novak], [can you hear me|nice to see you|what is going on|tell me what happened]?',
  ],
  opening: [
    '[Hi|Hello|Good morning|Yeah|So|Well], [doctor|doc|um|thanks]. I [have had|have been having|keep getting|got|am here because of] {chief} [in my {part}|] {ago}.',
    'I [came in|called|am here] [because of|for|about] {chief}, [it started|been going on|it has been there] {ago} and it is {how} {quality}.',
  ],
  backchannel: listed(
    'Okay.|Mm-hmm.|Right.|Yeah.|Sure.|All right.|I see.|Got it.|Great.|Good.|Hm.|Oh no.|Okay, good.|Sounds good.|Perfect.|Go on.|Understood.|Wow.|Uh-huh.|Alright.',
  ),
  shortAnswer: listed(
    'No.|Yes.|Yeah.|Nope.|Not really.|I think so.|Um, no.|Sometimes.|Yes, I do.|No, nothing like that.|Never.|Mm-hmm.|I guess.|Yep.|Not that I know of.|{number}.|Just the {part}.|{drug}.|{when}.|About {number}.|{severity}.|Maybe {condition}.|Thank you.|Okay.|Since {day}.|{how} {quality}.',
  ),
  question: [
    '[Do you have|Have you had|Any|Did you notice|Are you having][ any|] {symptom}[, {symptom}|] or {symptom}?',
    '[When|How long ago|What day] did [it|that|the pain|this|the {symptom}] [start|begin|first show up|get worse]?',
    '[How|On a scale of one to ten, how] [bad|severe|strong] is [it|the pain|that] {when}?',
    '[Are|Were] you [taking|on|using|still taking] [any|] {drug}[ or {drug}|, maybe {drug}|]?',
    '[What|Which] [dose|amount] of {drug} [do you take|are you on|did they give you], {dose} {often}?',
    '[Does|Did] {activity} [make it|make the pain|seem to make things] [worse|better|{quality}]?',
    'Has your {relative} [had|suffered from|been treated for] {condition}[ or {condition}|]?',
    '[Do|Did] you [ever smoke|smoke|drink alcohol|use any drugs|exercise|sleep well|work with chemicals]?',
    '[Any|Do you have] allergies [to {drug}|to {food}|to anything|that you know of]?',
    '[What do you do for work|Are you still a {job}|Who lives with you|How is your {relative}]?',
    '[Have you ever|Did you ever] [had|get] [surgery on your {part}|{test}|a problem with {drug}|{condition}]?',
    '[Is|Does] the {part} [feel|get|look] {quality} [or|and] {quality} {when}?',
    '[Did|Does] {food} [bother you|make it worse|upset your stomach|set it off]?',
    '[Can you|Could you] [show me|point to|tell me|describe] [where|exactly where|how] [it|the {part}] [hurts|bothers you|feels]?',
    '[Have you] [been|gone|traveled] to {place} [recently|lately|in the past {number} {unit}]?',
  ],
  statement: [
    '[I would like|I want|We are going|Let us plan] to [order|get|repeat|check] {test} [and|plus|then] {test} [before {day}|in {soon}|today|].',
    '[I will|Let me|I am going to] [start you on|prescribe|refill|switch you to|give you] {drug}, {dose} {often}.',
    '[About|As for] {test}, it {result}[, so|, and|, but] [we can|I would|let us] [watch it|repeat it in {soon}|keep the {drug}|stop the {drug}].',
    '[This|It] [sounds like|could be|looks like|may be] {condition}[, possibly {condition}| rather than {condition}|].',
    '[Your|The] [lungs|heart|belly|{part}|reflexes|throat] [sounds|looks|feels|seems] [{quality}|clear|normal|soft|good|regular] [on exam|to me|today|right now].',
    'If [you get|there is|you notice] {symptom} or {symptom}, [call us|go to the emergency room|come back|let me know] [right away|immediately|before {day}].',
    '[Try to|Please|You should|I would] [avoid|cut down on|stay away from] {food} and {activity} for {soon}.',
    '[I am sorry to hear that|That is good to hear|That makes sense|I understand][, {how} {quality} is no fun|, the {part} takes time|, we will figure it out|].',
    'Let me [press on|look at|listen to|move|examine] your {part}, [tell me|say something] if [it hurts|it is {quality}|there is any pain].',
    '[We can|I can|You may] [refer you to|talk to|see] [a specialist|physical therapy|cardiology|a surgeon|a dietician|neurology|dermatology] [in {place}|next week|after {day}|].',
    '[Keep taking|Continue|Stay on|Stop] the {drug} {often} [for your {condition}|and see me in {soon}|with plenty of water].',
  ],
  answer: [
    '[It|The pain|My {part}] [is|feels|gets|was] {how} {quality} {when}[, especially when {activity}|, and {quality} too|].',
    '[I|Well I|Yeah, I|No, I] [took|tried|have been taking|used] {drug} [but|and] it [did not help|helped a little|made me sleepy|gave me {symptom}|upset my stomach].',
    '[My|I think my] {relative} [had|has|died of|was treated for] {condition} [at sixty|at forty|{ago}|and {condition}|young].',
    '[I am|I work as|I was] a {job}[, so I am on my feet|, lots of {activity}| in {place}|, but I stopped {ago}].',
    '[It|That|This] [started|began|came on] {ago} [while|when|after] {activity}[ at {place}|].',
    '[No|Nope|Not really], [just|only|no] {symptom}[ and {symptom}|, no {symptom} though|, maybe some {symptom}].',
    '[I noticed|I get|There is|I also have] {how} {quality} {part} [and {symptom}|with {symptom}|{when}|after {food}].',
    '[I would say|Probably|Maybe|I guess] {severity} {when}[, {severity} when {activity}|].',
    '[I stopped|I quit|I cut back on|I only have] [smoking|drinking|{food}|{drug}] {ago}.',
    '[My|The] {relative} [told me|said|thinks|is worried] [it could be|it is|I have] {condition}, [so|and] I [came in|looked it up|got scared|waited].',
    '[I cannot|I can barely|It is hard to] [sleep|work|walk|eat|focus|move my {part}] [because of|with] [it|the {symptom}|this {quality} feeling].',
    '[We went|I went|I was] to {place} {ago} and [ate {food}|got {symptom}|felt {quality}|fell on my {part}].',
    '[They|The other doctor|Urgent care] [gave me|put me on|said to take] {drug} {dose} {often}[ for {condition}|].',
    '[Yes|Yeah], [and|but] {activity} [makes|made] [it|my {part}] {how} {quality}, [so I stopped|I do not know why|even {when}].',
  ],
  filler: listed('um|uh|like|you know|I mean|well|er|so|I guess|actually'),
  noteSubjective: [
    '{age} y/o [presents|here|seen] with {chief} {ago}. [Associated|Also] {symptom}, {symptom}. [Denies|No] {symptom}, {symptom}. PMH: {condition}, {condition}. [DH|Meds]: {drug} {dose} {often}. FH: {relative} {condition}. [SH|Works as] {job}. [Allergies|NKDA, intolerance] {food}.',
  ],
  noteObjective: [
    'BP [118|124|131|142|155]/[70|76|82|90|95], HR [62|71|78|88|96|104], T [36.4|36.8|37.2|38.1]. {part} {quality}, {part} {quality}. {test} {result}.',
  ],
  noteAssessment: [
    '[Likely|Probable|Imp:] {condition}. [DDx|Consider] {condition}, {condition}. Severity {severity}.',
  ],
  notePlan: [
    '1. {drug} {dose} {often}. 2. {test}[, {test}|]. 3. [Avoid|Reduce] {food}, {activity}. 4. [Review|Follow up] in {soon}. 5. [Safety net|Return if]: {symptom}, {symptom}.',
  ],
  complaint: ['{chief} {ago}', 'I have {chief}', '{chief} and {symptom}', '{quality} {part}, {chief}'],
  age: listed('19|23|27|31|34|38|42|45|49|53|58|61|66|72|79|84'),
};
