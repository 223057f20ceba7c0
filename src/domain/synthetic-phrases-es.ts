/**
 * What is said in the synthetic consultations in Spanish (phrase-grammar.ts); the rules are those of
 * synthetic-phrases-en.ts, and so is the reason for the many alternatives.
 */
import { listed, type PhraseRules } from './phrase-grammar.js';

export const PHRASES_ES: PhraseRules = {
  symptom: listed(
    'dolor de cabeza|dolor en el pecho|náuseas|falta de aire|tos seca|palpitaciones|mareos|dolor de espalda|dolor en las articulaciones|calambres|diarrea|estreñimiento|dolor de garganta|mocos|visión borrosa|ronchas|comezón|sudores nocturnos|escalofríos|fiebre|acidez|hormigueo|hinchazón|cansancio|debilidad|insomnio|ardor al orinar|sangre en la orina|silbidos al respirar|dolor de oído|zumbidos|vómito|gases|falta de apetito|bochornos|rigidez en el cuello|ronquera|moretones|temblores|ansiedad|urticaria|sangrado de nariz|visión doble|una bolita|agruras|tristeza|pérdida de peso|flemas|vértigo|punzadas',
  ),
  part: listed(
    'la espalda baja|el hombro izquierdo|la rodilla derecha|el pecho|el estómago|el cuello|el tobillo|la cadera|la mandíbula|la frente|la garganta|las piernas|los dedos|la muñeca|el brazo|las costillas|el ojo derecho|el dedo gordo|la pantorrilla|la ingle|el codo|las sienes|el oído|la cabeza|el muslo|el vientre|el costado|la nuca|el talón|las manos|la planta del pie|la boca del estómago|la axila|la clavícula',
  ),
  drug: listed(
    'ibuprofeno|paracetamol|losartán|metformina|omeprazol|amoxicilina|atorvastatina|enalapril|salbutamol|prednisona|sertralina|gabapentina|amlodipino|levotiroxina|aspirina|loratadina|naproxeno|tramadol|furosemida|warfarina|metoprolol|ketorolaco|diclofenaco|insulina|hidroclorotiazida|azitromicina|cefalexina|meloxicam|clonazepam|pantoprazol|montelukast|clopidogrel|doxiciclina|butilhioscina|ranitidina|melatonina|complejo B|bezafibrato|glibenclamida|ciprofloxacino',
  ),
  condition: listed(
    'hipertensión|diabetes|asma|migraña|artritis|depresión|hipotiroidismo|piedras en el riñón|colesterol alto|EPOC|gota|anemia|reflujo|insuficiencia cardiaca|una arritmia|apnea del sueño|osteoporosis|glaucoma|un infarto|cáncer de mama|dermatitis|psoriasis|úlcera|neumonía|sinusitis|una hernia|piedras en la vesícula|colitis|endometriosis|fibromialgia|bronquitis|herpes zóster|lupus|hepatitis|ciática|gastritis|una embolia|infección urinaria',
  ),
  relative: listed(
    'mamá|papá|abuela|hermano mayor|hermana|tía|tío|esposa|esposo|hijo|hija|abuelo|prima|suegra|pareja|sobrino|vecina|cuñado',
  ),
  job: listed(
    'maestra|chofer|enfermera|cocinero|contadora|carpintero|cajera|mecánico|secretaria|albañil|mesero|campesino|ingeniero|estilista|plomero|taxista|vendedora|almacenista|jardinero|jubilado|panadera|estudiante|electricista|intendente|abogada|costurera|comerciante|guardia',
  ),
  activity: listed(
    'subir escaleras|caminar|acostarme|cargar cajas|barrer|manejar|dormir de ese lado|comer|correr|agacharme|trabajar en la computadora|toser|nadar|cargar el mandado|lavar la ropa|levantarme rápido|jugar futbol|trapear|masticar|leer|cargar al niño|bañarme|bailar|pintar la casa|respirar hondo|cocinar|estar sentado mucho rato|ir al gimnasio|planchar',
  ),
  food: listed(
    'café|chile|leche|pollo frito|pizza|mariscos|cacahuates|vino tinto|jitomate|huevo|ensalada|chocolate|refresco|frijoles|cebolla|avena|fresas|una cena pesada|tacos|helado|mole|pan dulce|queso|carnitas',
  ),
  number: listed(
    'dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|doce|quince|unos|como tres|pocos|2|3|4|6|10|20',
  ),
  unit: listed('días|meses|años|minutos|ratos'),
  soon: listed('{number} días|{number} semanas|{number} meses'),
  day: listed(
    'el lunes|el martes|el miércoles|el jueves|el viernes|el sábado|el domingo|Navidad|mi cumpleaños|anoche|hoy en la mañana|ayer|el fin de semana|Semana Santa|marzo|julio|octubre|las vacaciones|antier',
  ),
  ago: listed(
    'hace {number} {unit}|desde {day}|por {number} {unit}|hace como {number} {unit}|desde hace {number} {unit}|más o menos {number} {unit}|ya van {number} {unit}|en los últimos {number} {unit}',
  ),
  quality: listed(
    'fuerte|leve|como ardor|punzante|como piquete|constante|horrible|raro|pesado|feo|insoportable|molesto|caliente|igual|peor|mejor|rígido|como calambre|intenso|opresivo|tenso|muy sensible|inflamado|rojo|dormido|soportable|extraño',
  ),
  severity: listed(
    '{score}|como {score}|{score} de diez|{score} o {score}|bastante|no tanto|lo peor que he sentido|moderado|más o menos {score}',
  ),
  score: listed('dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|3|5|7|8'),
  when: listed(
    'en la noche|en la mañana|después de comer|al despertar|todo el día|diario|de vez en cuando|durante el día|saliendo del trabajo|al final del día|cuando hace frío|de repente|cuando me estreso|casi todas las tardes|antes de dormir|a ratos|los fines de semana|en ayunas',
  ),
  how: listed(
    'como que|muy|un poco|bastante|súper|algo|medio|de verdad|demasiado|más bien|casi|siempre|todavía|cada vez más|la verdad|a veces',
  ),
  dose: listed(
    '5 miligramos|diez miligramos|20 miligramos|cuarenta miligramos|500 miligramos|850 miligramos|una tableta|dos pastillas|una cucharada|media tableta|dos disparos|100 miligramos|una dosis baja|una cápsula|un sobre',
  ),
  often: listed(
    'una vez al día|dos veces al día|cada {score} horas|antes de dormir|si hay dolor|con alimentos|en la mañana|tres veces al día|cada tercer día|antes de comer|cada semana',
  ),
  test: listed(
    'una biometría|una radiografía de tórax|un electrocardiograma|una resonancia|un examen de orina|un ultrasonido|una tomografía|un cultivo|hemoglobina glucosilada|un coprológico|una colonoscopia|un perfil tiroideo|una espirometría|una prueba de esfuerzo|una biopsia|un ecocardiograma|un perfil de lípidos|una química sanguínea',
  ),
  result: listed(
    'está bien|salió normal|está un poco alto|salió bajo|muestra inflamación|sigue estable|está en el límite|se ve mejor que la vez pasada|me preocupa un poco|sin alteraciones|está elevado',
  ),
  place: listed(
    'Guadalajara|el rancho|Puebla|casa de mi hermana|la playa|el centro|Monterrey|la sierra|Oaxaca|el trabajo|el gimnasio|la iglesia|Mérida|la farmacia|la escuela|Veracruz|el mercado|mi casa|el hospital|Toluca',
  ),
  greeting: [
    '[Buenos días|Buenas tardes|Hola|Buenas|Qué tal], ¿[cómo está|qué le pasa|en qué le ayudo|cuál es el problema|cómo ha estado|qué lo trae por aquí][ hoy|]?',
    '[Hola|Buen día|Pase, adelante], [soy|le habla|mi nombre es] [el doctor|la doctora] [Ramírez|Torres|López|Hernández|Vega|Salinas|Ortiz|Núñez], ¿[me escucha bien|qué le sucede|cuénteme qué pasó|cómo se siente]?',
  ],
  opening: [
    '[Hola|Buenos días|Pues|Mire], [doctor|doctora|gracias|este]. [He tenido|Traigo|Tengo|Me ha dado|Vengo por] {chief} [en {part}|] {ago}.',
    '[Vengo|Llamo|Estoy aquí] [porque tengo|por|ya que me dio] {chief}, [empezó|lo traigo|me pasa] {ago} y está {how} {quality}.',
  ],
  backchannel: listed(
    'Ok.|Ajá.|Claro.|Sí.|Muy bien.|De acuerdo.|Entiendo.|Ya veo.|Perfecto.|Bien.|Mmm.|Ay, no.|Bueno.|Está bien.|Continúe.|Comprendo.|Órale.|Sale.|Correcto.|Lo siento mucho.',
  ),
  shortAnswer: listed(
    'No.|Sí.|Ajá.|Para nada.|No mucho.|Creo que sí.|Este, no.|A veces.|Sí, doctor.|No, nada de eso.|Nunca.|Mmm, sí.|Supongo.|Sí, claro.|Que yo sepa, no.|{number}.|Solo en {part}.|{drug}.|{when}.|Como {number}.|{severity}.|Tal vez {condition}.|Gracias.|Está bien.|Desde {day}.|{how} {quality}.',
  ),
  question: [
    '¿[Tiene|Ha tenido|Ha notado|Le ha dado|Siente] {symptom}[, {symptom}|] o {symptom}?',
    '¿[Cuándo|Hace cuánto|Qué día] [le empezó|comenzó|notó|empeoró] [eso|el dolor|lo de {part}|{symptom}]?',
    '¿[Qué tan|Del uno al diez, qué tan] [fuerte|intenso|molesto] es [eso|el dolor] {when}?',
    '¿[Está tomando|Toma|Sigue con|Usa] {drug}[ o {drug}|, tal vez {drug}|]?',
    '¿[Qué|Cuál] dosis de {drug} [toma|le dieron|le indicaron], {dose} {often}?',
    '¿[Al|Cuando hace esfuerzo, al] {activity} [le duele más|mejora|se pone {quality}|empeora]?',
    '¿Su {relative} [tuvo|tiene|padece|llegó a tener] {condition}[ o {condition}|]?',
    '¿[Fuma|Ha fumado|Toma alcohol|Usa alguna droga|Hace ejercicio|Duerme bien|Trabaja con químicos]?',
    '¿[Es alérgico|Tiene alergia] a [{drug}|{food}|algo|algún medicamento]?',
    '¿[A qué se dedica|Sigue trabajando de {job}|Con quién vive|Cómo está su {relative}]?',
    '¿[Alguna vez|Antes] [lo operaron de {part}|le hicieron {test}|tuvo problemas con {drug}|le dijeron que tenía {condition}]?',
    '¿[Siente|Nota|Ha visto] {part} {quality} [o|y] {quality} {when}?',
    '¿[El|La|Eso de] {food} [le cae mal|lo empeora|le irrita el estómago|se lo provoca]?',
    '¿[Me puede|Podría] [enseñar|señalar|decir|describir] [dónde|exactamente dónde|cómo] [le duele|le molesta|lo siente]?',
    '¿[Ha ido|Fue|Viajó] a {place} [recientemente|últimamente|{ago}]?',
  ],
  statement: [
    '[Me gustaría|Quiero|Vamos a|Hay que] [pedir|hacer|repetir|revisar] {test} [y|más|y luego] {test} [antes de {day}|en {soon}|hoy|].',
    '[Le voy a|Voy a|Déjeme] [recetar|cambiar a|dejar|indicar] {drug}, {dose} {often}.',
    '[Su estudio|Lo de {test}] {result}[, así que|, y|, pero] [podemos|yo prefiero|vamos a] [vigilar|repetir en {soon}|seguir con {drug}|suspender {drug}].',
    '[Esto|Lo suyo] [parece|podría ser|suena a|puede ser] {condition}[, posiblemente {condition}| más que {condition}|].',
    '[Los pulmones|El corazón|El abdomen|La presión|{part}] [se oye|se ve|se siente|parece] [{quality}|normal|bien|regular] [a la exploración|hoy|por ahora|].',
    'Si [le da|aparece|nota] {symptom} o {symptom}, [llámenos|vaya a urgencias|regrese|avíseme] [de inmediato|luego luego|antes de {day}].',
    '[Trate de|Por favor|Le pido] [evitar|bajarle a|no probar] {food} y [no|nada de] {activity} por {soon}.',
    '[Lamento escuchar eso|Qué bueno|Tiene sentido|Lo entiendo][, es {how} {quality}|, {part} tarda en sanar|, lo vamos a resolver|].',
    'Déjeme [revisar|ver|escuchar|mover|explorar] {part}, [dígame|avíseme] si [le duele|está {quality}|siente algo].',
    '[Lo puedo|Lo voy a|Conviene] [enviar|mandar|referir] [al especialista|a fisioterapia|a cardiología|a nutrición|a neurología|a dermatología] [en {place}|la próxima semana|después de {day}|].',
    '[Siga con|Continúe|Mantenga|Suspenda] {drug} {often} [por su {condition}|y nos vemos en {soon}|con mucha agua].',
  ],
  answer: [
    '[Es|El dolor es|Lo siento|Se pone] {how} {quality} {when}[, sobre todo al {activity}|, y también {quality}|].',
    '[Me tomé|Probé|He estado tomando|Usé] {drug} [pero|y] [no me hizo nada|me ayudó un poco|me dio sueño|me dio {symptom}|me cayó mal].',
    '[Mi|Creo que mi] {relative} [tuvo|tiene|murió de|se atendió por] {condition} [{ago}|y {condition}|].',
    '[Soy|Trabajo de|Fui] {job}[, ando parado todo el día|, mucho {activity}| en {place}|, pero lo dejé {ago}].',
    '[Empezó|Me comenzó|Me dio] {ago} [al|después de|luego de] {activity}[ en {place}|].',
    '[No|Para nada|La verdad no], [solo|nada más|únicamente] {symptom}[ y {symptom}|, pero no {symptom}|, tal vez algo de {symptom}].',
    '[Noté|Me da|Siento|También tengo] {how} {quality} {part} [y {symptom}|con {symptom}|{when}|después de {food}].',
    '[Yo diría|Probablemente|Tal vez|Supongo que] {severity} {when}[, {severity} al {activity}|].',
    '[Dejé|Ya no tomo|Le bajé a|Solo consumo] [el cigarro|el alcohol|{food}|{drug}] {ago}.',
    '[Mi|Pues mi] {relative} [me dijo|dice|cree|piensa] que [puede ser|es|tengo] {condition}, [por eso|así que] [vine|busqué en internet|me asusté|me esperé].',
    '[No puedo|Casi no puedo|Me cuesta] [dormir|trabajar|caminar|comer|concentrarme|mover {part}] [por|con] [esto|{symptom}|esa sensación {quality}].',
    '[Fuimos|Fui|Anduve] a {place} {ago} y [comí {food}|me dio {symptom}|me sentí {quality}|me caí y me pegué en {part}].',
    '[Me dieron|El otro doctor me mandó|En urgencias me pusieron] {drug} {dose} {often}[ para {condition}|].',
    '[Sí|Ajá], [y|pero] al {activity} se me pone {part} {how} {quality}, [por eso lo dejé|no sé por qué|hasta {when}].',
  ],
  filler: listed('este|eh|o sea|pues|bueno|mmm|digamos|ay|la verdad|como que'),
  noteSubjective: [
    'Paciente de {age} años [acude|consulta|refiere] por {chief} {ago}. [Acompañado de|Además] {symptom}, {symptom}. [Niega|Sin] {symptom}, {symptom}. APP: {condition}, {condition}. [Toma|Tx previo] {drug} {dose} {often}. AHF: {relative} {condition}. Ocupación {job}. [Alergias|Intolerancia] {food}.',
  ],
  noteObjective: [
    'TA [118|124|131|142|155]/[70|76|82|90|95], FC [62|71|78|88|96|104], T [36.4|36.8|37.2|38.1]. {part} {quality}, {part} {quality}. {test} {result}.',
  ],
  noteAssessment: [
    '[Probable|IDx:|Compatible con] {condition}. [Descartar|Dx diferencial] {condition}, {condition}. Intensidad {severity}.',
  ],
  notePlan: [
    '1. {drug} {dose} {often}. 2. {test}[, {test}|]. 3. [Evitar|Reducir] {food}, {activity}. 4. [Cita|Revisión] en {soon}. 5. [Datos de alarma|Urgencias si]: {symptom}, {symptom}.',
  ],
  complaint: ['{chief} {ago}', 'tengo {chief}', '{chief} y {symptom}', '{part} {quality}, {chief}'],
  age: listed('19|23|27|31|34|38|42|45|49|53|58|61|66|72|79|84'),
};
