"""What means no."""

from __future__ import annotations

from inbox.phrases.rule import rule

_POSTS = (
    r"(?:guest|external|outside|sponsored|unsolicited|third[- ]party|contribut\w+|submissions?|links?\b"
    r"|back-?links?|link|paid|any|such|these|this|outreach|articles?|posts?|content|advert\w*"
    r"|collaborat\w+|pitches|partnerships?|requests)"
)

REFUSAL = (
    rule(
        "not interested",
        r"\b(?:not|never|n't|isnt|arent|hardly) (?:(?:really|currently|at all|that|particularly|overly"
        r"|actually|personally|remotely|very|too|even|in any way|presently|so|going to be"
        r"|be) ){0,2}interested\b(?! parties)",
        r"^\W*not interested\b|\b(?:no|zero|absolutely no|any) interest(?:\b|ed\b)(?! (?:rate|free|charge"
        r"|income|bearing))(?! conflict)",
        r"\b(?:uninterested|disinterested)\b|\b(?:not|isn't|n't|no) (?:\w+ )?(?:of|of any) interest\b"
        r"|\bdoes(?:n't| not) interest (?:me|us)\b",
        r"\bnot something (?:that )?(?:i|we|i'm|we're|we are|i am)\b",
    ),
    rule(
        "no thanks",
        r"(?:^|[.,;:!?\n\-–]|\b(?:but|so|it's|is|a|polite|hard|firm|say|i'll|we'll)\b)\s*no(?:pe|,"
        r"| -)? ?,? ?(?:thanks|thank you|thx|ty\b|thankyou|tks)\b(?! to )",
        r"\bthank(?:s| you)(?: (?:you|so much|very much|for \w+(?: \w+){0,4}))?,?\s*(?:but|however|-|–"
        r"|though)\s*(?:no\b(?! (?:problem|worries|need to))|it's (?:a )?no\b|that'?s a no|not for"
        r"|we(?:'re| are) (?:good|fine|all set|set|ok|happy)|i(?:'m| am) (?:good|fine|all set|set|ok)"
        r"|i'll pass|we'll pass|we(?:'ll| will)? (?:pass|decline))",
    ),
    rule(
        "no",
        r"^\W*(?:(?:hi|hello|hey|dear)\b[^.!?\n]{0,30}[,!.]\s*)?(?:no|nope|nah|no way|hard no|hard pass|pass|no go"
        r"|not for (?:us|me))\W*$",
        alone=True,
    ),
    rule(
        "a no from us",
        r"\b(?:it's|that's|this is|it is|that is|answer is|would be|has to be|is going to be|be) (?:a |an )?"
        r"(?:(?:still|again|always|definitely|simply|hard|firm|definite|polite|clear) ){0,2}"
        r"(?:no|pass)(?=\W*$|[.,;!]|,? (?:from|for|on) (?:us|me|our|my))",
        r"\b(?:not|isn't|n't) (?:\w+ ){0,2}(?:something|anything|one|a topic|an area|the kind of thing) (?:that )?(?:we"
        r"|i)(?:'d| would|'re| are|'ll| will|"
        r" want| can| could| do)\b|\bnot (?:our|my) (?:thing|cup of tea|focus|style|kind of)\b"
        r"|\b(?:don't|do not) (?:think|feel|believe|see)(?: [\w']+){0,3} (?:right|fit|suitable|suited|appropriate"
        r"|relevant"
        r"|a match|work|value|interest)(?: \w+)? (?:for|with|to|in|at) (?:us|me|our|my|the (?:site|blog|audience"
        r"|readers))",
        r"\b(?:closed|shut) (?:\w+ ){0,3}(?:to|for) (?:\w+ ){0,2}(?:contribut\w+|submissions?|pitches|posts?|guest)"
        r"|\bonly (?:publish|work with|use|run|post|take|accept)(?: \w+){0,2} (?:our own|in[- ]house|staff|internal"
        r"|own)\b"
        r"|\b(?:written|produced|done|write (?:everything|all(?: of it)?)) (?:\w+ )?(?:in[- ]house|internally"
        r"|ourselves)\b",
        r"\b(?:we|i)(?: \w+)? (?:can't|cannot|won't|will not|can not|are unable to|am unable to|aren't able to"
        r"|won't be able to|never)"
        r" (?:\w+ )?(?:add (?:it|this|that|your|them|the|any|a)\b|link (?:to|out)\b|run (?:it|this|your)\b|use (?:it"
        r"|this|your)\b|feature (?:it|this|your)\b|be needing|publish (?:it|this|your|that))",
        r"\b(?:no|zero|0) (?:int\w?r\w{1,4}t)\b|\bnot? int\w{0,2}r\w{0,3}s?ted\b|\bnot keen\b|\bno use for\b|\b(?:not"
        r"|n't) (?:be )?(?:needing|requiring) (?:this|it|that|any)"
        r"|\bthanks?(?: you)?,? (?:but )?(?:this|it|that)(?:'s| is| does)?(?:n't| not) (?:really |quite |right )?(?:for"
        r"|fit|what|something)",
    ),
    rule(
        "we pass",
        r"\b(?:i|we)(?:'ll| will|'d| would| have| need| must| are| am|'m|'re)?(?: (?:to|going|gonna|rather"
        r"|like|afraid|i|we|have|need|unfortunately|respectfully|kindly|politely|just|probably"
        r"|gonna have)){0,4} (?:pass(?: on (?:this|it|that|your|the))?(?=\W*(?:$|[.,!;\n]|on\b|for|this|at"
        r"|but|thank))|decline\b)",
        r"\b(?:respectfully|kindly|politely|have to|must|regretfully|going to|choose to"
        r"|decided to) (?:decline|pass\b(?! (?:it|this|your|the|that|on to|along)))|\bdecline (?:your|the"
        r"|this) (?:offer|invitation|proposal|request|kind|opportunity)",
        r"\b(?:i'd|we'd|would|i would|we would) rather not(?=\W*$|[.,;!])|\bwe (?:have )?decided (?:not to|against)\b"
        r"|\b(?:won't|will not) be (?:moving forward|proceeding|taking|pursuing|participating|adding"
        r"|linking|able to (?:accept|publish|help|accommodate|participate|add))\b",
    ),
    rule(
        "not for us",
        r"\b(?:not|isn't|wasn't|n't|never) (?:\w+ ){0,3}(?:a |the )?(?:good |right |great |best |strong "
        r"|proper )?(?:fit|match)\b(?!\?)|\b(?:not|isn't) (?:really |quite |something |one )?for (?:us"
        r"|me)\b|\bdoes(?:n't| not) (?:\w+ )?(?:fit|suit|align|work for (?:us|me)|meet our|match)\b",
        r"\bnot (?:currently |actively |really |presently )?(?:looking (?:for|to|at)|in the market|seeking"
        r"|considering|open to|taking on|accepting|doing)\b|\b(?:i|we) (?:do not|don't|dont"
        r"|have no) (?:\w+ )?need(?: of| for)?\b(?! to (?:see|know|worry))|\bno need for\b|\bwe(?:'re"
        r"| are) (?:all set|good|fine),? (?:thanks|thank you|as (?:is|we))",
    ),
    rule(
        "we do not publish",
        rf"\b(?:we|i|our (?:site|blog|company|magazine|editors?|policy|publication|team|guidelines)"
        rf"|the (?:site|blog|magazine))(?: (?:also|really|currently|generally|usually|simply|just|unfortunately|sadly"
        rf"|typically|normally|personally|do|at present|presently|still|honestly|actually|no longer"
        rf"|as a rule)){{0,2}} (?:do not|don't|dont|no longer|never|cannot|can't"
        rf"|can not|are not|aren't|am not|won't|will not|does not|doesn't|is not|isn't|currently not"
        rf"|not) (?:\w+ ){{0,3}}(?:accept|accepting|take|taking|publish|publishing|offer|offering|add"
        rf"|adding|do|doing|allow|host|run|running|sell|exchange|participate|consider|considering|entertain"
        rf"|engage|link|post|permit|work with|feature|provide) (?:\w+ ){{0,3}}{_POSTS}",
        r"\b(?:no|stopped (?:accepting|taking|publishing)|closed (?:to|for)|not open (?:to"
        r"|for)) (?:longer )?(?:\w+ )?(?:guest|outside|external|sponsored) (?:posts?|contribut\w+"
        r"|submissions|articles?|content|blogs?)\b",
        r"\b(?:we|i)(?: \w+)? (?:can't|cannot|won't|will not|can not|are unable to|am unable to"
        r"|aren't able to) (?:\w+ )?(?:add (?:the|your|this|any|a) link|link to|help you|assist"
        r"|accommodate|include (?:your|the)|publish (?:your|this|it)|accept (?:your|this))",
    ),
    rule(
        "not now",
        r"\bnot (?:right now|at (?:this|the) (?:time|moment|point|stage)|now|today|this (?:year|month"
        r"|quarter|time)|currently)\b|\bno,? not\b|\bunfortunately,? (?:no|not)\b|\bi'm afraid not\b"
        r"|^\W*(?:sorry,? )?no\b[,.! ]*(?:sorry\b)?",
        weak=True,
    ),
    rule(
        "de: kein Interesse",
        r"\b(?:kein(?:e|erlei|en)?|null) (?:\w+ )?(?:interesse|bedarf)\b|\bnicht (?:\w+ )?interessiert\b"
        r"|\bnein,? (?:vielen |besten )?danke?\b|\bkommt (?:f[üu]r (?:uns"
        r"|mich) )?(?:leider )?nicht in ?(?:frage|betracht)\b|\binteressiert (?:uns"
        r"|mich) (?:leider )?nicht\b|\bkein interesse\b|\bdanke,? (?:aber )?nein\b",
        r"\b(?:ver[öo]ffentlichen|nehmen|akzeptieren|setzen|vergeben|verkaufen|bieten|publizieren|tauschen"
        r"|machen)(?: \w+){0,4} keine (?:\w+ )?(?:gast\w*|externe\w*|gesponserte\w*|links?|backlinks?"
        r"|werb\w*|fremd\w*|linktausch|linkplatz\w*)|\bm[üu]ssen (?:wir )?(?:\w+ )?(?:ablehnen|absagen)\b"
        r"|\blehnen (?:wir )?(?:\w+ ){0,3}ab\b|\bpasst (?:leider )?(?:nicht|\w+ nicht) zu (?:uns|mir"
        r"|unser\w*)\b|\bkein bedarf\b",
    ),
    rule(
        "fr: pas intéressé",
        r"\b(?:pas|plus|aucunement|nullement) (?:\w+ )?int[ée]ress[ée]\w*\b|\bnon,? merci\b"
        r"|\bmerci,? (?:mais )?non\b|\bsans fa[çc]on\b|\bne (?:nous |m'|m)?(?: ?int[ée]resse) pas\b"
        r"|\bn'est pas int[ée]ress|\b(?:aucun|pas d') ?int[ée]r[êe]t\b|\bpas preneur|\b(?:d[ée]cliner"
        r"|d[ée]clinons|d[ée]cline|refuser|refusons)\b|\bne (?:souhait\w+|d[ée]sir\w+) pas (?:donner suite"
        r"|collaborer|participer|publier)|\bne donn\w+ pas suite\b",
        r"\b(?:n'acceptons|ne publions|ne prenons|n'acceptez|ne faisons|ne vendons"
        r"|ne proposons)\b.{0,12}\b(?:pas|plus|aucun)\b|\bne correspond pas\b",
    ),
    rule(
        "es: no me interesa",
        r"\bno (?:estoy|estamos|est[áa]|estoy muy|nos sentimos) (?:\w+ )?interesad\w+|\bno (?:me|nos"
        r"|le) interesa\b|\bno,? (?:muchas )?gracias\b|\bgracias,? pero no\b|\bsin inter[ée]s\b"
        r"|\bno (?:tenemos|tengo|hay) (?:ning[úu]n )?inter[ée]s\b|\b(?:declin|rechaz)(?:o|amos|ar)\b"
        r"|\bno (?:aceptamos|publicamos|vendemos|admitimos|ofrecemos|hacemos|intercambiamos)\b",
    ),
    rule(
        "it: non interessa",
        r"\bnon (?:sono|siamo|è|saremmo) (?:\w+ )?interessat\w+|\bnon (?:mi|ci) interessa\b"
        r"|\bno,? grazie\b|\bgrazie,? (?:ma )?no\b|\bnessun interesse\b|\bnon (?:abbiamo|ho"
        r"|c'è) (?:alcun )?interesse\b|\b(?:declin|rifiut)(?:o|iamo|are)\b|\bnon (?:accettiamo"
        r"|pubblichiamo|vendiamo|ospitiamo|offriamo|facciamo)\b",
    ),
    rule(
        "nl: geen interesse",
        r"\bniet (?:\w+ )?ge[ïi]nteresseerd\b|\bgeen (?:\w+ )?(?:interesse|belangstelling|behoefte)\b"
        r"|\bnee,? (?:dank\w*|bedankt)\b|\b(?:bedankt|dank je|dank u),? (?:maar )?nee\b|\b(?:slaan"
        r"|sla)\b.{0,20}\bover\b|\b(?:plaatsen|accepteren|publiceren|doen|nemen)\b(?: \w+){0,3} geen\b"
        r"|\bniets voor ons\b|\bpast niet bij\b",
    ),
    rule(
        "pt: sem interesse",
        r"\bn[ãa]o (?:estou|estamos|est[áa]) (?:\w+ )?interessad\w+|\bn[ãa]o (?:tenho|temos"
        r"|h[áa]) (?:\w+ )?interesse\b|\bsem interesse\b|\bn[ãa]o,? (?:muito )?obrigad\w+"
        r"|\bobrigad\w+,? mas n[ãa]o\b|\bn[ãa]o (?:me|nos) interessa\b|\bn[ãa]o (?:aceitamos|publicamos"
        r"|vendemos|fazemos|oferecemos)\b|\b(?:recus|declin)(?:o|amos|ar)\b",
    ),
    rule(
        "de: nehmen wir nicht",
        r"\b(?:nehmen|ver[öo]ffentlichen|akzeptieren|setzen|publizieren|bieten|vergeben|verkaufen|tauschen|verlinken"
        r"|kooperieren|arbeiten"
        r"|vertreiben|buchen|brauchen|ben[öo]tigen)\b(?: \w+){0,2}? (?:wir|ich)\b[^.!?]{0,50}\b(?:keine?\w*|nicht"
        r"|nichts)\b(?! (?:vor|bis|ohne|nur))"
        r"|\b(?:wir|ich) (?:nehmen|ver[öo]ffentlichen|akzeptieren|setzen|publizieren|bieten|vergeben|verkaufen|tauschen"
        r"|verlinken|brauchen|ben[öo]tigen)\b[^.!?]{0,50}"
        r"\b(?:keine?\w*|nicht)\b(?! (?:vor|bis|ohne|nur))",
        r"\b(?:nichts|nix) f[üu]r (?:uns|mich|unser\w*)\b|\bnicht (?:\w+ )?(?:interessant|relevant|passend"
        r"|das richtige)\b|\b(?:da|hier) (?:sind wir|bin ich) (?:\w+ )?(?:raus|nicht dabei)\b"
        r"|\b(?:absagen|ablehnen|verzichten|abzusagen|abzulehnen|absage)\b|\b(?:nehmen|nehme) (?:\w+ )?abstand\b"
        r"|\bsehen (?:wir )?(?:\w+ )?davon ab\b|\bkein(?:en)? (?:bedarf|interesse|thema)\b"
        r"|^\W*(?:leider )?nein\b(?!,? (?:ich meine|im|es g\wng))|\bleider nein\b|\bpasst (?:\w+ ){0,2}nicht\b"
        r"|\bnicht (?:ins"
        r"|in unser) (?:programm|konzept|portfolio)",
    ),
    rule(
        "fr: nous ne publions pas",
        r"\b(?:ne|n')\s?(?:\w+ )?(?:publi|accept|pren|fai|vend|propos|pratiqu|ins[ée]r|collabor|particip|souhait"
        r"|travaill|diffus|h[ée]berg|donn|correspond|convien|rentr|entr)\w*"
        r" (?:\w+ )?(?:pas|plus|aucun\w*|gu[èe]re)\b(?! (?:encore|avant|sans))|\b(?:ce|ça|cela) (?:sera"
        r"|est) (?:un )?non\b|^\W*non\b[ ,.!]*(?:d[ée]sol|$)"
        r"|\bpas (?:pour (?:nous|moi)|notre (?:cible|truc|domaine))\b|\b(?:sans suite|refus(?:ons|er)|d[ée]clin\w+)\b"
        r"|\bpas (?:de )?(?:besoin|suite)\b"
        r"|\b(?:ne|n') ?(?:m'|nous |me )?(?:int[ée]resse|convient) pas\b",
    ),
    rule(
        "es: no publicamos",
        r"\bno (?:\w+ )?(?:aceptamos|publicamos|vendemos|admitimos|ofrecemos|hacemos|intercambiamos|trabajamos"
        r"|colaboramos|incluimos|insertamos|necesitamos|encaja|cuadra|queremos"
        r"|vamos a (?:colaborar|publicar|participar|hacerlo|aceptar))\b|\bno es para nosotros\b|\b(?:la |lo |las "
        r"|los )?(?:rechaz|declin|descart)\w+\b|^\W*no\b\W*(?:lo siento|gracias)?\W*$"
        r"|\bno (?:va|est[áa]) (?:con|en|dentro)\b|\bno es (?:lo nuestro|de nuestro inter[ée]s)",
    ),
    rule(
        "it: non pubblichiamo",
        r"\bnon (?:\w+ )?(?:accettiamo|pubblichiamo|vendiamo|ospitiamo|offriamo|facciamo|collaboriamo|scambiamo"
        r"|inseriamo|rientra|è in linea|fa per noi|ci serve|abbiamo bisogno|prendiamo)\b"
        r"|\b(?:dobbiamo|devo|preferiamo|preferisco) (?:declinare|rifiutare|rinunciare)|^\W*no\b\W*(?:mi dispiace"
        r"|grazie)?\W*$|\bnon (?:è|e') (?:di|il) nostro interesse",
    ),
    rule(
        "pt: não publicamos",
        r"\bn[ãa]o (?:\w+ )?(?:aceitamos|publicamos|vendemos|fazemos|oferecemos|trabalhamos|trocamos|inserimos"
        r"|precisamos|se enquadra|encaixa|queremos|vamos (?:avan[çc]ar|publicar|aceitar))\b"
        r"|\b(?:temos de|tenho de|vamos|vou) (?:recusar|declinar|passar)\b|\bn[ãa]o (?:é|e) para n[óo]s\b"
        r"|^\W*n[ãa]o\b\W*$",
    ),
    rule(
        "nl: doen wij niet",
        r"\b(?:plaatsen|accepteren|publiceren|doen|nemen|werken|verkopen|ruilen|bieden"
        r"|ontvangen)\b(?: \w+){0,3} (?:geen|niet)\b(?! (?:voor|tot|zonder))|\b(?:passen|bedank\w*|afzien"
        r"|afslaan) (?:we|wij|ik)?\b(?: \w+){0,2} (?:voor|hiervoor|ervoor)"
        r"|\bpast (?:\w+ ){0,3}niet\b|\bniet (?:voor ons|voor mij|ons ding|wat we zoeken|aan de orde)\b|^\W*nee\b\W*$"
        r"|\bhelaas (?:niet|nee)\b|\bgeen (?:\w+ ){0,2}(?:interesse|belangstelling|behoefte|belang)\b",
    ),
    rule(
        "pl: nie publikujemy",
        r"\bnie (?:\w+ )?(?:przyjmujemy|publikujemy|zamieszczamy|sprzedajemy|akceptujemy|wsp[óo][łl]pracujemy"
        r"|wymieniamy|prowadzimy|potrzebujemy|korzystamy|skorzystam\w*|decydujemy si[ęe]|pasuje|oferujemy)\b"
        r"|\b(?:musimy|musz[ęe]|jeste[śs]my zmuszeni) odm[óo]wi[ćc]|\bodmawia\w+\b|\bto nie dla nas\b"
        r"|\bnas to nie interesuje|^\W*nie\b\W*$",
    ),
    rule(
        "sv da no: nej tack",
        r"\b(?:nej|nei|nei,|nej,),? ?(?:tack?k?|tak|takk)\b|\b(?:inte|ikke|ikkje|ej) (?:(?:l[äa]ngre|l[æa]ngere|lenger"
        r"|alls|specielt|s[äa]rskilt|noe?) )?int(?:e)?r?ess\w+|\b(?:tacka|tackar?|takker?) (?:\w+ ){0,2}ne[ij]\b"
        r"|\b(?:siger|s[äa]ger|sier) (?:\w+ ){0,2}ne[ij]\b"
        r"|\b(?:inget|ingenting|ikke noget|ikke noe|inte n[åa]got) (?:for|f[öo]r) (?:oss|os|mig|meg)\b|\bikke aktuelt\b"
        r"|\binte aktuellt\b|\bpassar (?:\w+ )?inte\b|\bpasser (?:\w+ )?ikke\b"
        r"|\b(?:tar|publicerar|accepterar|s[äa]ljer|k[öo]per|byter|tager|modtager|bringer|publicerer|s[æe]lger"
        r"|publiserer|tar imot|g[öo]r|laver)\b(?: \w+){0,3} (?:inte|ikke|inga|ingen|ej)\b|\bavst[åa]r\b|\bafst[åa]r\b"
        r"|\b(?:vi|jag|jeg) (?:tar|tager|modtager|publicerar|publicerer|publiserer|accepterar|accepterer"
        r"|aksepterer) (?:\w+ ){0,2}(?:inte|ikke|inga|ingen)\b|\bingen (?:interesse|int?resse)\b",
    ),
    rule(
        "fi: ei kiitos",
        r"\bei,? kiitos\b|\b(?:emme|en) (?:\w+ )?(?:ole (?:\w+ )?kiinnostun\w+|julkaise|ota|hyv[äa]ksy|osallistu|tee"
        r"|tarvitse|myy)\b|\bei (?:kiinnosta|ole (?:\w+ )?(?:meille|meid[äa]n)|sovi)\b|\bkielt[äa]yd\w+",
    ),
    rule(
        "cs sk: nemáme zájem",
        r"\b(?:ne|nie),? (?:d[ěe]kuj\w+|[ďd]akuj\w+)\b|\b(?:nem[áa]m|nem[áa]me) (?:o \w+ )?z[áa]jem|\bbez z[áa]jmu\b"
        r"|\b(?:nepublikujeme|nep[řr]ij[íi]m[áa]me|nezve[řr]ej[ňn]ujeme|ned[ěe]l[áa]me|nespolupracujeme"
        r"|neprod[áa]v[áa]me|nevym[ěe][ňn]ujeme|nehod[íi] se|neum[íi]s[ťt]ujeme)\b|\b(?:mus[íi]me"
        r"|mus[íi]m) odm[íi]tnout|\bodm[íi]t[áa]me\b",
    ),
    rule(
        "hu ro el tr: nem",
        r"\bnem (?:[ée]rdekel|fogadunk|k[öo]zl[üu]nk|publik[áa]lunk|k[ée]rj[üu]k|szeretn[ée]nk)\b|\bnu (?:accept[ăa]m"
        r"|public[ăa]m|dorim|facem|suntem interesa[țt]i)\b|δεν (?:δεχόμαστε|δημοσιεύουμε|ενδιαφερόμαστε|μας ενδιαφέρει)"
        r"|\b(?:kabul etmiyor\w*|yay[ıi]nlam[ıi]yor\w*|ilgilenmiyor\w*|istemiyor\w*)\b",
    ),
    rule(
        "ru uk: не интересно",
        r"(?:не (?:публикуем|размещаем|принимаем|сотрудничаем|продаём|продаем|обмениваемся|интересует|интересно"
        r"|интересуемся|актуально|подходит|нужно|требуется|рассматриваем)|вынужден\w* отказать|отказываемся|откажемся"
        r"|нет,? спасибо"
        r"|не (?:цікавить|цікаво|публікуємо|приймаємо|розміщуємо)|ні,? дякую)|^\W*(?:нет|ні)\W*$",
    ),
    rule(
        "ja zh ko: 遠慮します",
        r"見送(?:らせ|り|ら)|お断り|ご?遠慮(?:させ|いた|し|申)|興味(?:が|は|も)?(?:ありません|ない|ございません)"
        r"|(?:受け付け|掲載し|募集し|行っ|お受けし)て(?:おりません|いません|ない)|必要(?:が|は)?(?:ありません"
        r"|ございません|ない)|辞退"
        r"|(?:不|没有?|暂不)(?:接受|考虑|需要|感兴趣|合作|发布)|婉拒|谢绝|謝絕|관심(?:이)? 없|필요 ?없|사양|거절",
    ),
    rule(
        "not for us, in other tongues",
        r"\bellers tak\b|\b(?:ikke|inte|inget|ingen|ikkje) (?:\w+ )?(?:brug|behov) (?:for|af|av)\b"
        r"|\b(?:vi|jeg) m[åa] (?:\w+ )?(?:afsl[åa]|avsl[åa])|\b(?:linker|l[äa]nkar|lenker) (?:\w+ )?(?:ikke|inte)\b",
        r"\btym razem (?:podzi[ęe]kuj|dzi[ęe]kuj|odpu[śs])\w*|\bnie (?:jest )?dla (?:nas|mnie)\b"
        r"|\bnie mam(?:y)? (?:\w+ )?potrzeby"
        r"|\bnie linkujemy\b|\bpreferi(?:amo|sco) di no\b|^\W*passiamo\b(?=\W*$|[,.!])"
        r"|\bn[ãa]o (?:colocamos|inclu[íi]mos|adicionamos)\b",
        r"\bvamos a pasar(?=\W*$|[,.;!]| de (?:esta|esto)| esta vez)|\bon va passer(?=\W*$|[,.;!]| (?:notre|cette"
        r"|pour))"
        r"|\b(?:machen|betreiben) (?:wir )?(?:\w+ )?kein\w* (?:\w+ )?(?:link\w*|gast\w*|koop\w*|werb\w*|back\w*)"
        r"|\b(?:davon )?abzusehen\b|\bdavon absehen\b",
    ),
    rule(
        "in a word or two",
        r"\bgracias,? pero paso\b|\bno es lo que busc\w+|\bva a ser que no\b|\bno trabajamos as[íi]\b|^\W*nee hoor\b"
        r"|\b(?:gaan?|ga) (?:we|wij|ik) (?:\w+ )?niet op in\b|\bzien? (?:we|wij|ik)? ?(?:hier|daar) ?(?:\w+ )?van af\b"
        r"|\balleen met (?:onze )?eigen (?:redac|schrij|mensen)\w*|^\W*ne+,? lass(?:en sie)? mal\b"
        r"|\bschreiben (?:wir )?alles"
        r" selbst\b",
        r"\b[çc]a ira,? merci\b|\bpas ce que (?:nous|je) (?:re)?cherch\w+|\b(?:r[ée]digeons|faisons"
        r"|[ée]crivons) tout en interne\b"
        r"|\bpasse mon tour\b|\bnon [èe] quello che cerc\w+|\bscriviamo tutto (?:noi|internamente)"
        r"|^\W*lasciamo perdere\b"
        r"|\bn[ãa]o [ée] o que procur\w+|\bescrevemos tudo\b|\bn[ãa]o colaboramos\b|\bn[ãa]o nos serve\b"
        r"|\bno colaboramos\b|\bnon collaboriamo\b",
        r"\bnie tego szuka\w+|\b(?:wszystko )?piszemy sami\b|\bnie nasza (?:tematyka|bajka)\b|^\W*odpuszcz\w+"
        r"|\b(?:inte|ikke) (?:vad|det|hvad|det vi),? vi s[öø][kg]er\b|\b(?:skriver|skriv) (?:alt|allt) (?:selv"
        r"|sj[äa]lva?)\b"
        r"|\binte v[åa]r grej\b|\b(?:samarbetar|samarbejder|samarbeider) (?:\w+ )?(?:inte|ikke)\b|\bhoppar [öo]ver\b"
        r"|\bspringer over\b|\bikke lige os\b",
        r"\bnot (?:our|my) bag\b|\bsit this one out\b|\b(?:have|going) to say no\b|^\W*no can do\b"
        r"|\bnot what (?:we're|we are|i'm|i am) (?:after|looking for)\b",
    ),
    rule(
        "other tongues: not interested",
        r"\b(?:inte|ikke|ikkje) interess\w+|\bnej,? tack?k?\b|\bnei,? takk\b|\bingen (?:interesse"
        r"|intresse)\b|\ben ole kiinnostunut\b|\bei kiitos\b|\b(?:nem[áa]m|nem[áa]me) z[áa]jem\b"
        r"|\bne,? d[ěe]kuj\w+|\bnem [ée]rdekel|\bk[öo]sz[öo]n[öo]m,? nem\b|\bnu (?:sunt|suntem|m[ăa]"
        r"|ne) intereseaz?\w*|\bnu,? mul[țt]umesc",
        r"\bilgilenmiyor\w+|\bhay[ıi]r,? te[şs]ekk[üu]r\w*|δεν (?:με|μας) ενδιαφ[εέ]ρει|(?:не|нам не"
        r"|мне не) интерес\w+|нет,? спасибо|спасибо,? (?:но )?нет|не цікав\w+|不感兴趣|不感興趣"
        r"|没有?兴趣|沒有?興趣|不需要"
        r"|興味(?:が|は)?(?:ありません|ない)|結構です|관심 ?(?:이 )?없|(?:غير|لست|لسنا) مهتم\w*|لا شكر|לא מעוניי?ן"
        r"|không (?:quan tâm|có nhu cầu)|ไม่สนใจ|\btidak tertarik",
    ),
    rule(
        "provided already",
        r"\b(?:we|i)(?:'ve| have)? (?:already|currently)(?: \w+)? (?:have|got|work(?:ing)? with|use|using"
        r"|hired|employ)(?: \w+){0,3} (?:supplier|vendor|agency|provider|partner|team|writers?|someone"
        r"|somebody|company|consultant|freelancer|in[- ]house)",
    ),
    rule(
        "pl: brak zainteresowania",
        r"\bnie (?:jestem|jeste[śs]my|b[ęe]d\w+) (?:\w+ )?zainteresowan\w+|\bnie,? dzi[ęe]kuj\w+"
        r"|\bbrak zainteresowania\b|\bdzi[ęe]kuj\w+,? (?:ale )?nie\b|\bnie (?:przyjmujemy|publikujemy"
        r"|skorzystam\w*|zamieszczamy|sprzedajemy|akceptujemy)\b|\bnie interesuje\b|\bniezainteresowan\w+",
    ),
)  # fmt: skip
