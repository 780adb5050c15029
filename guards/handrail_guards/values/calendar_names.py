"""Names of months and of days of the week in many languages; made by ``docs/calendar_names.py``."""

MONTH_NAMES: dict[int, str] = {
    1: ("january jan januar janvier janv enero ene gennaio gen janeiro januari gener"),
    2: ("february feb februar février févr febrero febbraio fevereiro fev februari febrer febr"),
    3: ("march mar märz mär mars marzo março maart mrt mac maret març"),
    4: ("april apr avril avr abril abr aprile"),
    5: ("may mai mayo maggio mag maio mei maig"),
    6: ("june jun juni juin junio giugno giu junho juny"),
    7: ("july jul juli juillet juil julio luglio lug julho julai juliol"),
    8: ("august aug août agosto ago augustus ogos ogo agustus agu agost ag"),
    9: ("september sep sept septembre septiembre settembre set setembro setembre"),
    10: ("october oct oktober okt octobre octubre ottobre ott outubro out"),
    11: ("november nov novembre noviembre novembro"),
    12: ("december dec dezember dez décembre déc diciembre dic dicembre dezembro disember dis desember des desembre"),
}
"""By its number, without case and full stops: en de fr es it pt nl ms id ca."""

MORE_MONTH_NAMES: dict[int, str] = {
    1: (
        "januar jan januari tammikuuta tammi tammikuu stycznia sty styczeń ledna led leden januára január ianuarie "
        "ian siječnja sij siječanj sausio saus sausis janvāris janv jaanuar jaan ocak oca ιανουαρίου ιαν "
        "ιανουάριοσ януари яну января янв январь січня січ січень يناير जनवरी जन॰ มกราคม มค"
    ),
    2: (
        "februar feb februari helmikuuta helmi helmikuu lutego lut luty února úno únor februára február febr "
        "februarie veljače velj veljača vasario vas vasaris februāris veebruar veebr şubat şub φεβρουαρίου φεβ "
        "φεβρουάριοσ февруари фев февраля февр февраль лютого лют лютий فبراير फ़रवरी फ़र॰ กุมภาพันธ์ กพ"
    ),
    3: (
        "marts mar mars maaliskuuta maalis maaliskuu marca marzec března bře březen marec március márc martie "
        "ožujka ožu ožujak kovo kov kovas märts mart μαρτίου μαρ μάρτιοσ μάρ март марта мар березня бер березень "
        "مارس मार्च มีนาคม มีค"
    ),
    4: (
        "april apr huhtikuuta huhti huhtikuu kwietnia kwi kwiecień dubna dub duben apríla apríl április ápr "
        "aprilie travnja tra travanj balandžio bal balandis aprīlis aprill nisan nis απριλίου απρ απρίλιοσ април "
        "апр апреля апрель квітня квіт квітень أبريل अप्रैल เมษายน เมย"
    ),
    5: (
        "maj mai toukokuuta touko toukokuu maja května kvě květen mája máj május svibnja svi svibanj gegužės geg "
        "gegužė maijs mayıs may μαΐου μαΐ μάιοσ μάι май мая травня трав травень مايو मई พฤษภาคม พค"
    ),
    6: (
        "juni jun kesäkuuta kesä kesäkuu czerwca cze czerwiec června čvn červen júna jún június iunie iun lipnja "
        "lip lipanj junij birželio birž birželis jūnijs jūn juuni haziran haz ιουνίου ιουν ιούνιοσ ιούν юни июня "
        "июн июнь червня черв червень يونيو जून มิถุนายน มิย"
    ),
    7: (
        "juli jul heinäkuuta heinä heinäkuu lipca lip lipiec července čvc červenec júla júl július iulie iul "
        "srpnja srp srpanj julij liepos liep liepa jūlijs jūl juuli temmuz tem ιουλίου ιουλ ιούλιοσ ιούλ юли июля "
        "июл июль липня лип липень يوليو जुलाई जुल॰ กรกฎาคม กค"
    ),
    8: (
        "august aug augusti elokuuta elo elokuu sierpnia sie sierpień srpna srp srpen augusta augusztus kolovoza "
        "kol kolovoz avgust avg rugpjūčio rugp rugpjūtis augusts ağustos ağu αυγούστου αυγ αύγουστοσ αύγ август "
        "авг августа серпня серп серпень أغسطس अगस्त अग॰ สิงหาคม สค"
    ),
    9: (
        "september sep syyskuuta syys syyskuu września wrz wrzesień září zář septembra szeptember szept septembrie "
        "sept rujna ruj rujan rugsėjo rugs rugsėjis septembris eylül eyl σεπτεμβρίου σεπ σεπτέμβριοσ септември сеп "
        "сентября сент сентябрь вересня вер вересень سبتمبر सितंबर सित॰ กันยายน กย"
    ),
    10: (
        "oktober okt lokakuuta loka lokakuu października paź październik října říj říjen októbra október octombrie "
        "oct listopada lis listopad spalio spal spalis oktobris oktoober ekim eki οκτωβρίου οκτ οκτώβριοσ октомври "
        "окт октября октябрь жовтня жовт жовтень أكتوبر अक्टूबर अक्टू॰ ตุลาคม ตค"
    ),
    11: (
        "november nov marraskuuta marras marraskuu listopada lis listopad listopadu novembra noiembrie studenoga "
        "stu studeni lapkričio lapkr lapkritis novembris kasım kas νοεμβρίου νοε νοέμβριοσ νοέ ноември ное ноября "
        "нояб ноябрь листопада лист листопад نوفمبر नवंबर नव॰ พฤศจิกายน พย"
    ),
    12: (
        "december dec desember des joulukuuta joulu joulukuu grudnia gru grudzień prosince pro prosinec decembra "
        "decembrie prosinca prosinac gruodžio gruod gruodis decembris detsember dets aralık ara δεκεμβρίου δεκ "
        "δεκέμβριοσ декември дек декабря декабрь грудня груд грудень ديسمبر दिसंबर दिस॰ ธันวาคม ธค"
    ),
}
"""By its number, without case and full stops: da sv nb fi pl cs sk hu ro hr sl lt lv et tr el bg ru uk ar hi th."""

DAY_NAMES = (
    "sunday monday tuesday wednesday thursday friday saturday sun mon tue wed thu fri sat sonntag montag "
    "dienstag mittwoch donnerstag freitag samstag so mo di mi do fr sa dimanche lundi mardi mercredi jeudi "
    "vendredi samedi dim lun mar mer jeu ven sam domingo lunes martes miércoles jueves viernes sábado dom mié "
    "jue vie sáb domenica lunedì martedì mercoledì giovedì venerdì sabato gio sab segunda-feira terça-feira "
    "quarta-feira quinta-feira sexta-feira seg ter qua qui sex zondag maandag dinsdag woensdag donderdag "
    "vrijdag zaterdag zo ma wo vr za ahad isnin selasa rabu khamis jumaat sabtu ahd isn sel rab kha jum minggu "
    "senin kamis jumat min sen kam diumenge dilluns dimarts dimecres dijous divendres dissabte dg dl dt dc dj "
    "dv ds søndag mandag tirsdag onsdag torsdag fredag lørdag søn man tirs ons tors fre lør söndag måndag "
    "tisdag lördag sön mån tis lör tir tor sunnuntaina maanantaina tiistaina keskiviikkona torstaina "
    "perjantaina lauantaina su ti ke to pe la niedziela poniedziałek wtorek środa czwartek piątek sobota niedz "
    "pon wt śr czw pt sob neděle pondělí úterý středa čtvrtek pátek ne po út st čt pá nedeľa pondelok utorok "
    "streda štvrtok piatok ut št pi vasárnap hétfő kedd szerda csütörtök péntek szombat sze cs szo duminică "
    "luni marți miercuri joi vineri sâmbătă dum mie vin sâm nedjelja ponedjeljak utorak srijeda četvrtak petak "
    "subota ned uto sri čet pet sub nedelja ponedeljek torek sreda četrtek petek sre sekmadienis pirmadienis "
    "antradienis trečiadienis ketvirtadienis penktadienis šeštadienis sk pr an tr kt pn svētdiena pirmdiena "
    "otrdiena trešdiena ceturtdiena piektdiena sestdiena svētd pirmd otrd trešd ceturtd piektd sestd pühapäev "
    "esmaspäev teisipäev kolmapäev neljapäev reede laupäev pazar pazartesi salı çarşamba perşembe cuma "
    "cumartesi paz pzt sal çar per cum cmt κυριακή δευτέρα τρίτη τετάρτη πέμπτη παρασκευή σάββατο κυρ δευ τρί "
    "τετ πέμ παρ σάβ неделя понеделник вторник сряда четвъртък петък събота нд пн вт ср чт пт сб воскресенье "
    "понедельник среда четверг пятница суббота вс неділя понеділок вівторок середа четвер пʼятниця субота "
    "الأحد الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت"
)
