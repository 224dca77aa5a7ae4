"""The phrases in which people ask for something, or tell something, beside yes and no."""

from __future__ import annotations

from enum import StrEnum


class IntentName(StrEnum):
    OPT_OUT = "opt_out"  # asks us never to write again
    ASKS_PRICE = "asks_price"  # names a fee, or asks what we pay
    FREE_OF_CHARGE = "free_of_charge"  # says that it costs nothing
    ASKS_TOPIC = "asks_topic"  # wants ideas, titles, an outline
    ASKS_DRAFT = "asks_draft"  # wants the text itself
    LINK_EXCHANGE = "link_exchange"  # wants a link in return
    WRONG_PERSON = "wrong_person"  # somebody else decides, perhaps named
    LEFT_COMPANY = "left_company"  # the person we wrote to is gone, perhaps with a successor
    ALREADY_PUBLISHED = "already_published"  # it is live, perhaps with its address


def _each(*patterns: str) -> tuple[str, ...]:
    return patterns


_PIECE = r"(?:articles?|drafts?|posts?|pieces?|texts?|copy|content|guest posts?|write-?ups?|manuscripts?|infographics?)"

ASKING: dict[IntentName, tuple[str, ...]] = {
    IntentName.ASKS_PRICE: _each(
        r"\b(?:how much|what(?:'s| is| are| would| do)(?: \w+){0,3} (?:price|pricing|costs?|rates?|fees?|budget|charge"
        r"|offer(?:ing)?|compensation|pay))\b(?! (?:does|do) (?:it|your|this) (?:tool|software))",
        r"\b(?:our|my|the|an?|your) (?:\w+ ){0,3}(?:fees?|prices?|rates?|charges?|costs?|pricing|budget)(?: \w+){0,5}?"
        r" (?:is|are|starts?|would|applies|of|from|for|per|to)\b|\b(?:price ?list|rate ?card|media ?kit|price tag)\b",
        r"\b(?:we|i)(?: \w+)? (?:charge|ask for|require a (?:small )?(?:fee|payment))\b|\b(?:do|can|will|would) you"
        r" (?:pay|have (?:a|any) budget|offer (?:payment|compensation|money))\b|\byour budget\b"
        r"|\bis (?:this|there|it) (?:an? )?(?:paid|budget|compensation|payment)\b",
        r"\b(?:editorial|publication|publishing|admin(?:istration)?|placement|insertion|posting|processing|review"
        r"|sponsorship|linking) (?:fees?|costs?|charges?)\b|\bonly (?:accept|take|publish|do|offer) (?:paid"
        r"|sponsored)\b"
        r"|\bsponsored (?:posts?|articles?|content|links?) (?:only|rates?|prices?|costs?|start)|\bpaypal\b",
        # de fr es it pt nl pl, the north and the east
        r"\b(?:was (?:kostet|w[üu]rden?(?: \w+){0,3} (?:zahlen|kosten|bezahlen|verlangen)|zahlen)|wie ?viel (?:zahl"
        r"|kost|bezahl|w[üu]rden)\w*|budget|preis\w*"
        r"|kosten(?! los)"
        r"|honorar|verg[üu]tung|bezahl(?:t|ung|en)|berechnen (?:wir|daf[üu]r)|konditionen|mediadaten)\b",
        r"\b(?:combien|quel(?:le)?s? (?:est|sont|serait) (?:votre|le|vos|la) (?:budget|tarifs?|prix|r[ée]mun\w+)"
        r"|tarifs?"
        r"|r[ée]mun[ée]r\w+|nous facturons|payant\w*|frais de publication)\b",
        r"\b(?:cu[áa]nto (?:pag\w+|cuesta|cobr\w+|ofrec\w+|ser[íi]a)|presupuesto|tarifas?|precios?|cobramos|de pago)\b",
        r"\b(?:quanto (?:paga\w*|costa|offri\w*|cobra\w*|custa)|prezz[oi]|tariff[ae]|compenso|a pagamento|costo di)\b",
        r"\b(?:or[çc]amento|pre[çc]os?|tarifas?|cobramos|valor(?:es)?|taxa de)\b",
        r"\b(?:hoeveel|wat (?:kost|betaal\w*|is (?:je|jullie|uw|het) (?:budget|tarief))|tari(?:ef|even)|kosten|prijs"
        r"|prijzen|vergoeding|betaald\w*)\b",
        r"\b(?:ile (?:kosztuje|p[łl]ac\w+|wynosi|oferuj\w+)|cennik\w*|bud[żz]et\w*|koszt\w*|cen[aęy]\b|stawk\w+"
        r"|odp[łl]atn\w+)",
        r"\b(?:vad (?:kostar|betalar)|hvad (?:koster|betaler)|hva (?:koster|betaler)|hur mycket|hvor (?:meget|mye)"
        r"|pris(?:er|en|et|lista|liste)?\b|budjetti|hinta|paljonko|kolik|cena|cen[íi]k)\b",
        r"(?:сколько|цена|стоимость|бюджет|прайс|скільки|ціна|вартість)|料金|予算|费用|多少钱|預算|비용|얼마",
    ),
    IntentName.ASKS_TOPIC: _each(
        r"\b(?:what|which) (?:\w+ ){0,2}?(?:topics?|subjects?|titles?|angles?|themes?|ideas?|headlines?|articles?)\b"
        r"(?! you (?:sent|read|mention))",
        r"\b(?:send|share|suggest|pitch|propose|give|have|shoot|provide|submit|list|see|need|e-?mail|got|like)"
        r"(?: (?:me|us|over|along|through|to|a|an|any|some|few|couple|of|the|your|more|list|\d|two|three|for|possible"
        r"|potential|specific|proposed|article|post|content|guest|blog)){0,7}(?<!like the)(?<!like your)(?<!like this)"
        r" (?:topics?|titles?|ideas?|headlines?|outlines?|subjects?|angles?|pitch(?:es)?|suggestions?|proposals?"
        r"|brief)\b",
        r"\bwhat (?:(?:did|do|would|are|were) you (?:have in mind|(?:want|like|plan\w*|propos\w+|thinking|looking)"
        r"(?: \w+){0,3} (?:write|cover|post|publish|submit|about|of|contribute))|(?:would|will|is) (?:it|the (?:article"
        r"|post|piece)) be about)\b|\bhave (?:a|any) (?:topic|title|idea|outline)s?\b",
        r"\b(?:welche[snrm]?|was f[üu]r) (?:\w+ )?(?:themen?|titel|ideen)\b|\b(?:themen?|titel|artikel"
        r"|ideen)(?:vorschl[äa]ge?|ideen)\b"
        r"|\bum welches thema\b|\bthema\w* (?:vorschlagen|nennen|schicken)|\bworum (?:geht|ginge|soll\w*|w[üu]rde)\b"
        r"|\bwovon (?:handelt|soll\w*|w[üu]rde)\b",
        r"\bde quoi (?:parl\w+|trait\w+|s'agi\w+|est-il)\b|\bsur quoi port\w+"
        r"|\b(?:quels?|quelles?) (?:\w+ ){0,3}(?:sujets?|th[èe]mes?|titres?|id[ée]es?|th[ée]matiques?)\b|\b(?:propos\w+"
        r"|envoy\w+)"
        r"(?:[- ]\w+)? (?:(?:des|quelques|vos|un|une|plusieurs) )?(?:sujets?|th[èe]mes?|titres?|id[ée]es?)\b",
        r"\bqu[ée] (?:temas?|t[íi]tulos?|ideas?)\b|\bsobre qu[ée]\b|\b(?:env[íi]\w+|propon\w+|p[áa]sa\w+|mand\w+)"
        r"(?: \w+){0,3} (?:temas?|t[íi]tulos?|ideas?|propuestas?)\b|\bde qu[ée] (?:trat|habl|va|ir[íi]a)\w*"
        r"|\bcu[áa]l(?:es)? (?:\w+ ){1,2}(?:temas?|t[íi]tulos?)\b",
        r"\b(?:di|su) (?:che )?cosa (?:parl\w+|tratt\w+|vert\w+)\b|\b(?:quali?"
        r"|che) (?:\w+ ){0,2}(?:l')?(?:argoment[oi]|tem[ai]|titol[oi]|idee)\b|\b(?:propon\w+|mand\w+|invi\w+"
        r"|suggeri\w+)"
        r"(?: \w+){0,3} (?:argoment[oi]|tem[ai]|titol[oi]|idee|proposte)\b",
        r"\b(?:sobre o qu[êe]|de que (?:fal|trat)\w+)\b|\b(?:qua(?:l|is)|que) (?:\w+ ){0,2}(?:temas?|t[íi]tulos?"
        r"|assuntos?|ideias?|pautas?)\b|\b(?:envi\w+|mand\w+"
        r"|suger\w+|propo\w+)"
        r"(?: \w+){0,3} (?:temas?|t[íi]tulos?|assuntos?|ideias?|pautas?|sugest[õo]es)\b",
        r"\b(?:welke?|wat voor) (?:\w+ )?(?:onderwerp(?:en)?|titels?|idee[ëe]?n?|thema'?s?)\b|\bwaarover\b"
        r"|\bwaar (?:zou|gaat|moet|wil|zal)\b(?: \w+){0,4} over\b|\b(?:stuur"
        r"|geef|heb)\w*"
        r"(?: \w+){0,4} (?:onderwerp(?:en)?|titels?|idee[ëe]n|voorstel(?:len)?)\b",
        r"\b(?:jaki|jakie|kt[óo]ry) (?:\w+ )?(?:temat\w*|tytu[łl]\w*|pomys[łl]\w*)\b|\b(?:propozycj\w+|list[ęe]"
        r"|pomys[łl]\w*) temat\w+"
        r"|\bna jaki temat\b|\bo czym (?:mia[łl]|b[ęe]dzie|by|jest|traktuje)",
        r"\b(?:vilka?|hvilke[nt]?|hvad for) (?:\w+ )?([äa]mnen?|emner?|titlar|titler|id[ée]er|tema(?:er)?)\b"
        r"|\b(?:f[öo]rslag|forslag) (?:p[åa]|til) (?:[äa]mnen?|emner?|titlar|titler|tema)|\bmist[äa] aiheesta\b"
        r"|\bjak[ée] t[ée]ma\b|\b(?:vad|hvad|hva) (?:ska|skal|skulle|handlar|handler|vil)\b(?: \w+){0,4} om\b",
        r"(?:какая|какую|какие) (?:\w+ )?тем[ауы]|на какую тему|(?:яка|які|яку) тем|どのような(?:テーマ|トピック|内容)"
        r"|什么(?:主题|题目"
        r"|话题)",
    ),
    IntentName.ASKS_DRAFT: _each(
        r"\b(?:send|share|shoot|forward|submit|attach|e-?mail|pass|provide|drop|upload)"
        r"(?: (?:me|us|over|along|through|to|in|a|an|the|your|full|finished|complete|final|first|completed|whole|it"
        r"|that"
        r"|google|word|ready|written|sample|doc|for)){1,6} "
        + _PIECE
        + r"\b(?! (?:ideas?|topics?|titles?|outlines?|guidelines?))",
        r"\b(?:see|read|review|receive|get|look at|check out?|look over|need) (?:the|your|a|an|full|finished|that)"
        r"(?: (?:full|finished|complete|final|first|completed|guest|whole|proposed|actual))? "
        + _PIECE
        + r"\b(?! (?:ideas?|topics?|titles?|outlines?|guidelines?|on (?:our|the)))",
        r"\b(?:do|have) you (?:have|got|already have|written|an?)(?: \w+){0,2} (?:draft|article|text|piece) (?:ready"
        r"|written|already)",
        r"\b(?:schick|send|sende|übermittel)\w*(?: \w+){0,4} (?:artikel|text|entwurf|beitrag|manuskript)\b"
        r"|\b(?:artikel|text|entwurf|beitrag)(?: \w+){0,4} (?:schicken|senden|zusenden|zukommen|sehen|lesen)\b",
        r"\b(?:envoy|transmet|faire parvenir|adress)\w*(?:[- ]\w+){0,3} (?:l'article|le texte|votre (?:article|texte)"
        r"|le brouillon|la r[ée]daction)\b",
        r"\b(?:env[íi]|mand|p[áa]s|remit)\w*(?: \w+){0,3} (?:art[íi]culo|texto|borrador|contenido)\b",
        r"\b(?:invi|mand)\w*(?: \w+){0,3} (?:articolo|testo|bozza|contenuto|pezzo)\b|\bl'articolo (?:completo"
        r"|pronto)\b",
        r"\b(?:envi|mand)\w*(?: \w+){0,3} (?:artigo|texto|rascunho|conte[úu]do)\b",
        r"\b(?:stuur|mail|zend)\w*(?: \w+){0,4} (?:artikel|tekst|concept|stuk|blog)\b",
        r"\b(?:prze[śs]l|wy[śs]l|podsy[łl]|nadsy[łl]|prosz[ęe] o)\w*(?: \w+){0,3} (?:artyku[łl]\w*|tekst\w*|szkic\w*"
        r"|tre[śs][ćc]\w*)\b",
        r"\b(?:skicka|send|mejla|sende)\w*(?: \w+){0,3} (?:artikel\w*|artikkel\w*|texten|teksten|utkast\w*|udkast\w*)\b"
        r"|\bl[äa]het\w+(?: \w+){0,2} (?:artikkeli|teksti|luonnos)|\b(?:po[šs]l\w+)(?: \w+){0,3} (?:[čc]l[áa]nek|text"
        r"|n[áa]vrh)",
        r"(?:пришлите|отправьте|вышлите|скиньте)(?: \w+){0,3} (?:стать|текст|черновик)|原稿|草稿|稿件",
    ),
    IntentName.LINK_EXCHANGE: _each(
        r"\b(?:link|links|backlink|backlinks|guest post|guest-post|post|blog|content|article)[- ]?(?:exchanges?|swaps?"
        r"|swapping|trades?|trading"
        r"|exchanging)\b|\b(?:exchange|swap|trade) (?:of )?(?:\w+ )?(?:links?|backlinks?|guest posts?|posts?)\b"
        r"|\breciprocal(?:ly)?\b"
        r"|\b(?:3|three|2|two)[- ]way (?:link|exchange|swap)|\babc (?:link|exchange|swap)",
        r"\b(?:in (?:return|exchange)|as a (?:swap|trade)|return the favou?r|a link (?:back|in return)|link(?:s"
        r"|ing)? back to"
        r"|(?:add|place|put|include|give|insert)(?: \w+){0,3} (?:link|mention)s?(?: \w+){0,3} (?:to|for|of) (?:us|me"
        r"|our|my|mine)"
        r"|(?:you|to) link to (?:us|our|my|me)\b|links? (?:on|from) your (?:site|website|blog|page))",
        r"\b(?:link|backlink)[- ]?tausch\w*\b|\btausch\w* (?:wir )?links?\b|\bim gegenzug\b|\bgegenlink\b"
        r"|\bgegenseitig\w* verlink\w+"
        r"|\b[ée]changes? de (?:liens?|articles?)\b|\ben (?:[ée]change|contrepartie)\b|\bliens? r[ée]ciproques?\b"
        r"|\bintercambi\w+(?: de)? (?:enlaces?|links?)\b|\ba cambio\b|\bscambi\w+ (?:di )?(?:link|backlink|guest)\b"
        r"|\bin cambio\b"
        r"|\btroca(?:r)? (?:de )?(?:links?|backlinks?|guest)\b|\bem troca\b|\blink(?:s)?ruil\w*\b|\bruilen\b"
        r"|\bin ruil\b|\bwederzijdse link"
        r"|\bwymieni\w+ (?:si[ęe] )?(?:link\w*|odno[śs]nik\w*|artyku[łl]\w*)\b|\bwymian\w+ (?:link\w*"
        r"|artyku[łl]\w*)\b|\bw zamian\b|\bl[äa]nkbyten?\b|\blinkbytte\b|\bi (?:utbyte|bytte"
        r"|gengæld|gengjeld)\b"
        r"|\bvastavuoroi\w+|\bv[ýy]m[ěe]n\w+ odkaz\w+|обмен\w* ссылк|взамен|обмін\w* посилан|相互リンク|交换链接"
        r"|友情链接|友链",
    ),
    IntentName.WRONG_PERSON: _each(
        r"\b(?:not|isn't|n't|never) (?:really |actually )?(?:the )?(?:right|best|correct|appropriate|proper|one) "
        r"(?:person|contact|department|team|one|address|place|guy|mailbox)\b(?! (?:time|fit))"
        r"|\bnot my (?:area|department|field|responsibility|job|remit|call|desk|team)\b|\b(?:wrong|incorrect"
        r"|different) (?:person|department|contact|e-?mail|address|company|team|mailbox|guy"
        r"|inbox)\b",
        r"\b(?:i|we)(?:'m| am|'re| are)? (?:not|don't|do not|no longer)(?: \w+){0,2} (?:in charge of|responsible for"
        r"|handle|handling"
        r"|manage|deal with|dealing with|look after|involved (?:in|with)|run(?:ning)?)\b|\b(?:doesn't"
        r"|does not) (?:fall under|sit with)\b",
        r"\b(?:you (?:should|need to|must|can|may|might|will|'ll|could|want to)|please|best to|try|better to"
        r"|ask you to|kindly|suggest you"
        r"|(?:happy|feel free) to)(?: \w+)? (?:contact|e-?mail|reach out to|write(?: to)?|get in touch with"
        r"|speak (?:to|with)|talk to|try|ask|send (?:it|this|that|your \w+|these|them|all \w+)? ?to"
        r"|direct\w* (?:\w+ ){0,3}to"
        r"|address (?:\w+ ){0,3}to|forward (?:\w+ ){0,3}to|get hold of)"
        r" (?!(?:me|us|my|our (?:site|website|page)|back)\b)(?=.{0,60}(?:·|\binstead\b|\b(?:my|our"
        r"|the)\b.{0,30}\b(?:colleague|editor|manager"
        r"|team|department|boss|partner|director|desk)|\bwho\b|\bhandles?\b|\bin charge\b))",
        r"\b(?:i(?:'ve| have|'ll| will)?|we(?:'ve| have|'ll| will)?|am|are|it's|been)(?: \w+)? (?:forward(?:ed|ing)?"
        r"|pass(?:ed|ing)?|sent|send|cc'?(?:ed|'d|ing)?|copied|copying"
        r"|looping|loop(?:ed)?)(?: \w+){0,4} (?:on |along |over |in )?(?:to )?(?:my|our|the|who|·|a)\b(?=.{0,40}(?:·"
        r"|colleague|team|editor|manager|department|boss|person))",
        r"\b\w+ (?:handles|deals with|takes care of|manages|looks after|is (?:in charge of|responsible for)"
        r"|is the (?:right|best) (?:person|contact))"
        r" (?:\w+ ){0,4}(?:that|this|these|our|the|such|all|content|marketing|guest|blog|editorial|partnerships?"
        r"|requests?|links?|advertising)\b",
        r"\b(?:nicht (?:der|die|das) richtige\w*|(?:bin|sind) (?:\w+ )?(?:daf[üu]r "
        r"|hierf[üu]r )?nicht (?:\w+ )?(?:zust[äa]ndig|verantwortlich)|falsche[rn]? (?:ansprechpartner\w*|adresse"
        r"|person"
        r"|abteilung)|wenden sie sich (?:bitte )?an|richtige[rn]? ansprechpartner\w*|zust[äa]ndig (?:ist|daf[üu]r"
        r"|hierf[üu]r)"
        r"|(?:ihre|deine) (?:anfrage|mail|nachricht|e-?mail)(?: \w+){0,6} weiter(?:geleitet|gegeben))\b",
        r"\b(?:pas (?:la bonne|le bon) (?:personne|interlocut\w+|contact|adresse|service)|ce n'est pas moi|(?:ne suis"
        r"|ne m'en"
        r"|ne m')(?: \w+)? (?:pas|occupe pas)(?: \w+)? (?:en charge|responsable|charg[ée]e?)"
        r"|ne m'(?:en )?occupe (?:pas|plus)|mauvais(?:e)? (?:personne|interlocut\w+|adresse)"
        r"|(?:veuillez|merci de|vous pouvez|il faut)(?: \w+)? (?:contacter|vous adresser|[ée]crire|joindre|voir avec)"
        r"|adressez-vous|contactez (?:plut[ôo]t|mon|ma|notre)"
        r"|(?:ai )?transmis (?:votre|à|au))\b",
        r"\b(?:no soy (?:la persona|el|la|quien|yo)|persona (?:equivocada|indicada|adecuada|correcta)|no (?:llevo"
        r"|gestiono|me encargo)"
        r"|(?:contact[ea]\w*|escrib[ea]\w*|dir[íi]ja\w*|puede[sn]? (?:contactar|escribir|hablar)) (?:\w+ )?(?:con"
        r"|a) (?:mi|nuestr|el|la|·|\w+ ·|quien)|he (?:reenviado|pasado)|reenv[íi]o)\b",
        r"\b(?:non sono (?:la persona|io|il|la)|persona (?:sbagliata|giusta|corretta)|non (?:me ne occupo|mi occupo"
        r"|gestisco|seguo)|(?:contatt\w+|scriv\w+|rivolg\w+)(?: \w+){0,2} (?:a|al|alla|il|la|il mio|la mia"
        r"|direttamente)"
        r" (?=.{0,40}(?:·|colleg|responsabil|redazione))|ho (?:inoltrato|girato))\b",
        r"\b(?:n[ãa]o sou (?:a pessoa|o|a|eu)|pessoa (?:errada|certa|indicada)|n[ãa]o (?:trato|cuido"
        r"|sou respons[áa]vel)|(?:contact[ae]|contate|escrev[ae]|fal[ea]|envi[ae])\w*(?: \w+){0,2} (?:com|para|ao|à|o"
        r"|a) "
        r"(?=.{0,40}(?:·|coleg|respons|equipa|equipe))|encaminh(?:ei|o|amos))\b",
        r"\b(?:niet (?:de|het) juiste|verkeerde (?:persoon|afdeling|adres|e-?mail\w*)|ga (?:hier )?niet over"
        r"|niet verantwoordelijk"
        r"|(?:neem|kunt u|kun je|gelieve)(?: \w+){0,3} contact (?:op )?(?:opnemen|te nemen|op)? ?(?:met|te)|(?:mail"
        r"|bericht|vraag) (?:\w+ )?doorgestuurd|je moet (?:bij|zijn bij)|u kunt (?:zich )?(?:wenden|mailen|terecht))\b",
        r"\b(?:nie jestem (?:w[łl]a[śs]ciw|odpowiedni|osob)\w*|niew[łl]a[śs]ciw\w+ (?:osob|adres)\w*"
        r"|nie zajmuj[ęe] si[ęe]|prosz[ęe] (?:\w+ )?(?:kontaktowa[ćc] si[ęe]|o kontakt|napisa[ćc]|pisa[ćc]"
        r"|skontaktowa[ćc] si[ęe])(?: \w+){0,2} (?:z|do|na)"
        r"|przekaza[łl]\w* (?:wiadomo|pana|pani))",
        r"\b(?:det [äa]r inte jag|det er ikke (?:mig|meg|jeg)|(?:prova|pr[øo]v|fr[åa]ga|sp[øo]rg"
        r"|sp[øo]r)\b(?=.{0,30}·)|"
        r"fel person|inte r[äa]tt person|(?:jag|vi) ansvarar inte|kontakta (?:g[äa]rna |ist[äa]llet |min "
        r"|v[åa]r )|ikke (?:den )?r(?:ette|igtige) (?:person|vedkommende)?|forkert person|feil person"
        r"|kontakt (?:venligst |gerne |heller |min |vores |v[åa]r )"
        r"|vidarebefordrat|videresendt|v[äa][äa]r[äa] henkil[öo]|en ole oikea|ota yhteytt[äa]|nejsem (?:ta "
        r"|spr[áa]vn[áa])\w*|obra[ťt]te se na|kontaktujte (?:pros[íi]m )?(?:kolegu|kolegyni|na[šs]))",
        r"(?:не тот человек|не занимаюсь|не по адресу|обратитесь к|напишите (?:на|моему|нашему)|担当(?:では|者は)"
        r"|联系我的同事"
        r"|请联系)",
    ),
    IntentName.LEFT_COMPANY: _each(
        r"\b(?:(?:i|he|she|they|who|\w+)(?:'ve| have| has|'s)? (?:\w+ )?(?:left|departed)(?: from)? (?:the "
        r"|our )?(?:company|organi[sz]ation|business|team|firm|us\b|magazine|publication|agency|role|position"
        r"|newspaper|paper|university|school)|(?:has|have) (?:now |recently |since )?left\b(?! (?:a|the (?:office"
        r"|building)|me|you|it))|(?:no longer|not|n't)(?: \w+)? (?:with|work(?:s|ing)? (?:at|for|here|with|there)"
        r"|employed"
        r"|at (?:the|this|our)(?! (?:moment|time|minute|present|point|stage|end))|part of|a member of)(?! (?:guest"
        r"|link|external|outside|agenc|seo|third|brand|sponsor"
        r"|free|contribut|paid|such|this kind|that kind))|(?:left|leaving) (?:his|her|my|their) (?:position|role|job"
        r"|post)"
        r"|moved on (?:from|to)(?! (?:the next|another (?:topic|approach|tool)))|last (?:working )?day (?:at|with|here"
        r"|in|was)|(?:has |have )?retired\b|passed away|is deceased)",
        r"\b(?:nicht mehr (?:\w+ ){0,4}(?:t[äa]tig|besch[äa]ftigt|im (?:unternehmen|haus)|bei (?:uns|der|dem)"
        r"|angestellt)|(?:unternehmen|firma|verlag|redaktion|haus) (?:\w+ )?verlassen|ausgeschieden|im ruhestand)\b",
        r"\b(?:ne (?:fait|fais|travaill\w+|font) plus (?:partie|pour|chez|dans|au sein)?|(?:a|ai|ayant"
        r"|ont) (?:\w+ )?quitt[ée] (?:la |l'|ses |mes |notre |le )?|n'est plus (?:en poste|parmi|chez|employ[ée]e?"
        r"|joignable)|(?:est|suis) (?:parti\w* )?(?:à|en) (?:la )?retraite)",
        r"\b(?:ya no (?:trabaj\w+|est[áa]|forma parte|pertenec\w+)|(?:ha|he) (?:dejado|abandonado) (?:la|el"
        r"|de trabajar|nuestra)|dej[óo] (?:la empresa|de trabajar)|se ha jubilado)\b",
        r"\b(?:non (?:lavor\w+|fa|faccio|è) pi[ùu]|(?:ha|ho) lasciato (?:l'|la|il|lo)|è andat[oa] in pensione)",
        r"\b(?:j[áa] n[ãa]o (?:trabalh\w+|faz|est[áa]|colabora)|n[ãa]o (?:trabalh\w+|faz|est[áa]) mais|(?:saiu"
        r"|sa[íi]) da (?:empresa|companhia)|deix(?:ou|ei) a (?:empresa|companhia))",
        r"\b(?:niet (?:meer|langer) (?:werkzaam|in dienst|bij|werk\w*)|werkt? (?:hier |er )?niet (?:meer|langer)"
        r"|(?:heeft|heb) (?:\w+ ){0,3}verlaten|uit dienst|met pensioen)\b",
        r"\b(?:nie pracuj\w+ ju[żz]|ju[żz] (?:\w+ ){0,3}nie pracuj\w+|nie pracuj\w+ (?:w|u|dla)|odesz[łl]\w+ z (?:firmy"
        r"|pracy)"
        r"|zako[ńn]czy[łl]\w* (?:wsp[óo][łl]prac|prac)\w*|na emerytur\w+)",
        r"\b(?:(?:har|jag har) slutat|arbetar inte l[äa]ngre|jobbar inte (?:l[äa]ngre|kvar)"
        r"|inte l[äa]ngre (?:anst[äa]lld|kvar)|(?:arbejder|arbeider|jobber|er) ikke (?:l[æa]nge?re|lenger) |(?:er"
        r"|har) (?:stoppet|sluttet|fratr[åa]dt)"
        r"|ei (?:ole|ty[öo]skentele) en[äa][äa]|en ty[öo]skentele en[äa][äa]|(?:ji[žz]|u[žz]) (?:zde |tu |u n[áa]s "
        r"|v \w+ )?nepracuj\w+)",
        r"(?:больше не работа|уже не работа|уволил|более не работа|вже не працю|більше не працю|退職|离职|離職|퇴사)",
    ),
    IntentName.ALREADY_PUBLISHED: _each(
        r"^\W*(?:done[!,.]? )?(?:(?:now |just |all )?(?:published|posted|uploaded|added)|live now)\b",
        r"\b(?:(?:it|that|this|post|article|piece|link|page|everything)(?:'s| is| are| was| went|has gone"
        r"|'s now)? (?:\w+ )?(?:now |already |just )?(?:live|published|online|up on|posted)\b(?! (?:chat|support"
        r"|stream|in|under|until|data|music))"
        r"|(?:we|i)(?:'ve| have)? (?:\w+ )?(?:published|posted|added|included|linked|inserted|placed|featured|updated"
        r"|put up|uploaded)(?: \w+){0,2} (?:it|your|the|this|that|them|a link)\b(?! (?:to (?:my|our) (?:list|calendar"
        r"|spam)|on hold))"
        r"|(?:has|have) (?:already |now |just )?been (?:published|posted|added|placed|inserted)|here(?:'s"
        r"| is) the (?:live|published) (?:link|url|post|article)|live (?:link|url) ?:|you can (?:find|see"
        r"|view) it (?:here|at|live))",
        r"\b(?:(?:ist|sind|wurde) (?:\w+ ){0,3}(?:online|ver[öo]ffentlicht|live|publiziert|eingebaut|gesetzt"
        r"|eingef[üu]gt)|(?:habe|haben) (?:\w+ ){0,5}(?:ver[öo]ffentlicht|eingebaut|verlinkt|gesetzt|eingef[üu]gt"
        r"|hinzugef[üu]gt|online gestellt))\b",
        r"\b(?:est (?:\w+ )?(?:en ligne|publi[ée]e?|mis en ligne)|(?:ai|avons|a [ée]t[ée]"
        r"|vient d'[êe]tre) (?:\w+ )?(?:publi[ée]\w*|ajout[ée]\w*|mis (?:le lien|en ligne)|ins[ée]r[ée]\w*)"
        r"|voici le lien)",
        r"\b(?:(?:ya |)est[áa] (?:ya )?(?:publicad\w+|online|en l[íi]nea|disponible)|(?:he|hemos|ha sido"
        r"|lo hemos) (?:\w+ )?(?:publicado|a[ñn]adido|puesto|insertado|subido)|aqu[íi] (?:tiene\w*|est[áa]"
        r"|va) el enlace)",
        r"\b(?:è (?:\w+ )?(?:online|pubblicat[oa]|stat[oa] pubblicat[oa])|(?:ho|abbiamo) (?:\w+ )?(?:pubblicato"
        r"|aggiunto|inserito)|ecco il link)",
        r"\b(?:(?:j[áa] |)(?:est[áa]|foi) (?:j[áa] )?(?:publicad[oa]|no ar|online|adicionad[oa])|(?:publiquei"
        r"|(?:j[áa]|ontem|hoje) (?:o )?publicamos|public[áa]mo-lo|publicámos|adicionei|adicion[áa]mos|inserimos)"
        r"|segue o link)",
        r"\b(?:(?:staat|is) (?:\w+ ){0,2}(?:online|live|gepubliceerd|geplaatst)|(?:heb"
        r"|hebben) (?:\w+ ){0,4}(?:gepubliceerd|geplaatst|toegevoegd|online gezet)|hier is de link)",
        r"\b(?:(?:jest|zosta[łl]\w*) (?:ju[żz] )?(?:opublikowan\w+|dodan\w+|online)|(?:opublikowa|doda"
        r"|zamie[śs]ci)(?:[łl]em|[łl]am|li[śs]my)|ju[żz] (?:jest )?(?:na stronie|online))",
        r"\b(?:(?:ligger|[äa]r|er) (?:nu |n[åa] |allerede |redan )?(?:ute|uppe|live|publicerad\w*|publiceret|publisert"
        r"|online)|(?:har|vi har) (?:\w+ )?(?:publicerat|lagt (?:till|upp|ut|in)|offentliggjort|publisert|udgivet)"
        r"|on (?:nyt |jo )?julkaistu|julkaisimme|(?:je|byl) (?:ji[žz] )?(?:publikov[áa]n|zve[řr]ejn[ěe]n)\w*)",
        r"(?:опубликова(?:ли|л|ла|на|но|н\b)|разместил|добавили ссылку|опубліку|公開しました|掲載しました"
        r"|已(?:经)?(?:发布|上线|刊登))",
    ),
}  # fmt: skip
