using Api.Seed;

namespace Api.Tests.Seed;

/// <summary>Every mistake is reported with its file and line, in a sentence that says what to write.</summary>
[AnyEngine]
public sealed class SeedMistakeTests : IDisposable
{
    const string Clinic = "clinic:\n  timeZone: America/Chicago\nlocations:\n  - slug: here\n    name: Here\n";
    const string Article = "---\ntitle: One\nslug: one\nsummary: S\n---\nText.\n";

    readonly TempFolder folder = new();

    /// <summary>Where the mistake is made.</summary>
    public enum Place
    {
        /// <summary>A property of the location. It replaces one with the same name, or follows the others.</summary>
        Location,

        /// <summary>The periods of Monday.</summary>
        Monday,

        /// <summary>When an exception holds.</summary>
        When,

        /// <summary>An exception.</summary>
        Exception,

        /// <summary>The whole of clinic.yaml.</summary>
        Clinic,

        /// <summary>A property of the article. It replaces one with the same name, or follows the others.</summary>
        FrontMatter,

        /// <summary>The whole of the article's file.</summary>
        Article,
    }

    public static TheoryData<Place, string, int, string> Mistakes { get; } =
        new()
        {
            { Place.Monday, "closed", 7, "'closed' is not a list of periods: write monday: [] where it is closed." },
            { Place.Monday, "Closed", 7, "'Closed' is not a list of periods: write monday: [] where it is closed." },
            { Place.Monday, "[closed]", 7, "'closed' is not a period: write [] for a day on which it is closed." },
            {
                Place.Monday,
                "08:00-17:00",
                7,
                "monday is a list and needs brackets, even around a single item: write monday: [08:00-17:00]."
            },
            {
                Place.Monday,
                "08:00-12:00, 13:00-17:00",
                7,
                "monday is a list and needs brackets, even around a single item: write monday: [08:00-12:00, 13:00-17:00]."
            },
            {
                Place.Monday,
                "480",
                7,
                "monday is a list and needs brackets, even around a single item: write monday: [08:00-17:00]."
            },
            {
                Place.Monday,
                "8am-5pm",
                7,
                "monday is a list and needs brackets, even around a single item: write monday: [08:00-17:00]."
            },
            {
                Place.Monday,
                "open",
                7,
                "monday is a list and needs brackets, even around a single item: write monday: [08:00-17:00]."
            },
            {
                Place.Monday,
                "24/7",
                7,
                "monday is a list and needs brackets, even around a single item: write monday: [08:00-17:00]."
            },
            { Place.Monday, "", 7, "monday has no value: write monday: [08:00-17:00], or [] where it is closed." },
            { Place.Monday, "~", 7, "monday has no value: write monday: [08:00-17:00], or [] where it is closed." },
            { Place.Monday, "null", 7, "monday has no value: write monday: [08:00-17:00], or [] where it is closed." },
            { Place.Monday, "[~]", 7, "monday has an item without a value: write it, like 08:00-17:00, or remove it." },
            {
                Place.Monday,
                "[ , 08:00-17:00]",
                7,
                "the [ is not closed, or a comma is missing after it: write it like [08:00-12:00, 13:00-17:00]."
            },
            {
                Place.Monday,
                "[08:00-24:00]",
                7,
                "'08:00-24:00' does not end on this day: write 08:00-00:00, which ends at midnight."
            },
            {
                Place.Monday,
                "[08:00-08:00]",
                7,
                "'08:00-08:00' closes when it opens: write 00:00-00:00 for the whole day, or no period where it is closed."
            },
            { Place.Monday, "[9-17]", 7, "'9-17' is not a period: write 09:00-17:00." },
            { Place.Monday, "[9-5]", 7, "'9-5' is not a period: write when it opens and closes, like 08:00-17:00." },
            { Place.Monday, "[8:00-17:00]", 7, "'8:00-17:00' is not a period: write 08:00-17:00." },
            { Place.Monday, "[08:00 - 17:00]", 7, "'08:00 - 17:00' is not a period: write 08:00-17:00." },
            { Place.Monday, "[08:00–17:00]", 7, "'08:00–17:00' is not a period: write 08:00-17:00." },
            { Place.Monday, "[8am-5pm]", 7, "'8am-5pm' is not a period: write 08:00-17:00." },
            { Place.Monday, "[8:30 a.m. to 5 p.m.]", 7, "'8:30 a.m. to 5 p.m.' is not a period: write 08:30-17:00." },
            {
                Place.Monday,
                "[25:00-26:00]",
                7,
                "'25:00-26:00' is not a period: write when it opens and closes, like 08:00-17:00."
            },
            {
                Place.Monday,
                "[08:60-17:00]",
                7,
                "'08:60-17:00' is not a period: write when it opens and closes, like 08:00-17:00."
            },
            {
                Place.Monday,
                "[08:00]",
                7,
                "'08:00' is not a period: write when it opens and closes, like 08:00-17:00."
            },
            { Place.Monday, "[480]", 7, "'480' is not a period: write when it opens and closes, like 08:00-17:00." },
            { Place.Monday, "[noon]", 7, "'noon' is not a period: write when it opens and closes, like 08:00-17:00." },
            { Place.Monday, "[24 hours]", 7, "'24 hours' is not a period: write 00:00-00:00 for the whole day." },
            {
                Place.Monday,
                "[08:00-17:00-18:00]",
                7,
                "'08:00-17:00-18:00' is not a period: write when it opens and closes, like 08:00-17:00."
            },
            {
                Place.Monday,
                "{ time: 08:00-17:00 }",
                7,
                "monday is a list and needs brackets, even around a single period: write monday: [{ time: 08:00-17:00, access: byAppointment }]."
            },
            {
                Place.Monday,
                "{}",
                7,
                "monday is a list and needs brackets, even around a single period: write monday: [{ time: 08:00-17:00, access: byAppointment }]."
            },
            { Place.Monday, "[{}]", 7, "a period must have time: write time: 08:00-17:00." },
            {
                Place.Monday,
                "[{ time: closed }]",
                7,
                "'closed' is not a period: write [] for a day on which it is closed."
            },
            {
                Place.Monday,
                "[[08:00-17:00]]",
                7,
                "this is not a period: write it like 08:00-17:00 or { time: 08:00-17:00, access: byAppointment, note: Ring the bell }."
            },
            {
                Place.Monday,
                "[{ time: 08:00-17:00, access: 7 }]",
                7,
                "'7' is not a way in which patients are seen: write open or byAppointment or walkIn or telephoneOnly."
            },
            {
                Place.Monday,
                "[{ time: 08:00-17:00, access: drivein }]",
                7,
                "'drivein' is not a way in which patients are seen: write open or byAppointment or walkIn or telephoneOnly."
            },
            {
                Place.Monday,
                "[{ time: 08:00-17:00, acces: walkIn }]",
                7,
                "'acces' is not a property of a period: write one of time, access, note."
            },
            {
                Place.Monday,
                "[{ time: 08:00-17:00, note: }]",
                7,
                "note has no value: write note: Ring the bell, or leave note out."
            },
            {
                Place.Monday,
                "[{ time: 08:00-17:00, note: \"a\\tb\" }]",
                7,
                "'a b' has a line break or another control character in it: write one line of text without control characters."
            },
            { Place.Monday, "[{ access: walkIn }]", 7, "a period must have time: write time: 08:00-17:00." },
            {
                Place.Monday,
                "[{ time: [08:00-17:00] }]",
                7,
                "time is a single value without brackets and properties: write time: 08:00-17:00."
            },
            {
                Place.Monday,
                "[08:00-12:00, 11:00-17:00]",
                7,
                "08:00-12:00 and 11:00-17:00 overlap: write one period, or two of which the second opens after the first has closed."
            },
            {
                Place.Monday,
                "[08:00-12:00, 08:00-12:00]",
                7,
                "08:00-12:00 and 08:00-12:00 overlap: write one period, or two of which the second opens after the first has closed."
            },
            {
                Place.Monday,
                "[13:00-17:00, 08:00-13:01]",
                7,
                "08:00-13:01 and 13:00-17:00 overlap: write one period, or two of which the second opens after the first has closed."
            },
            {
                Place.Monday,
                "[18:00-02:00, 20:00-21:00]",
                7,
                "18:00-02:00 and 20:00-21:00 overlap: write one period, or two of which the second opens after the first has closed."
            },
            {
                Place.Monday,
                "[00:00-00:00, 08:00-09:00]",
                7,
                "00:00-00:00 and 08:00-09:00 overlap: write one period, or two of which the second opens after the first has closed."
            },
            {
                Place.Monday,
                "[{ time: 08:00-12:00, note: A }, 11:00-13:00]",
                7,
                "08:00-12:00 and 11:00-13:00 overlap: write one period, or two of which the second opens after the first has closed."
            },
            {
                Place.Monday,
                "[08:00-17:00",
                7,
                "the [ is not closed, or a comma is missing after it: write it like [08:00-12:00, 13:00-17:00]."
            },
            {
                Place.Monday,
                "08:00-17:00]",
                7,
                "monday is a list and needs brackets, even around a single item: write monday: [08:00-17:00]."
            },
            {
                Place.Monday,
                "[08:00-17:00 13:00-17:00]",
                7,
                "'08:00-17:00 13:00-17:00' is not a period: write when it opens and closes, like 08:00-17:00."
            },
            {
                Place.Monday,
                "*nothing",
                7,
                "*nothing refers to &nothing, which does not occur above it: write the value itself, or put text that begins with * in quotation marks."
            },
            { Place.Monday, "*", 7, "text that begins with * or & must be in quotation marks: write \"* …\"." },
            {
                Place.Monday,
                "!foo []",
                7,
                "'!foo' is a tag, which is not allowed here: remove it, or put text that begins with ! in quotation marks."
            },
            {
                Place.Monday,
                "&a [*a]",
                7,
                "*a refers to &a, which does not occur above it: write the value itself, or put text that begins with * in quotation marks."
            },
            {
                Place.Monday,
                "[08:00-17:00]]",
                7,
                "the ] has no opening bracket: remove it, or write the bracket that opens before it."
            },
            {
                Place.Monday,
                "\"08:00-17:00",
                7,
                "a text in quotation marks is not closed, or has a quotation mark or a \\ inside: close it, write ' inside of '…' as '', and inside of \"…\" write \\\" and \\\\."
            },
            {
                Place.Monday,
                "'it's'",
                7,
                "a text in quotation marks is not closed, or has a quotation mark or a \\ inside: close it, write ' inside of '…' as '', and inside of \"…\" write \\\" and \\\\."
            },
            {
                Place.Monday,
                "[{ time: 08:00-17:00 ]",
                7,
                "the [ is not closed, or a comma is missing after it: write it like [08:00-12:00, 13:00-17:00]."
            },
            { Place.Monday, "@home", 7, "text that begins with @ must be in quotation marks: write \"@…\"." },
            { Place.Monday, "`x", 7, "text that begins with ` must be in quotation marks: write \"`…\"." },
            { Place.Monday, "%x", 7, "text that begins with % must be in quotation marks: write \"%…\"." },
            {
                Place.Monday,
                "[,]",
                7,
                "the [ is not closed, or a comma is missing after it: write it like [08:00-12:00, 13:00-17:00]."
            },
            { Place.Monday, "false", 7, "'false' is not a list of periods: write monday: [] where it is closed." },
            {
                Place.Monday,
                "08:00-17:00: x",
                7,
                "text with a colon must be in quotation marks: write monday: \"08:00-17:00: x\"."
            },
            {
                Place.Monday,
                "- 08:00-17:00",
                7,
                "a list that is written with hyphens begins on the next line: write it there, or in brackets, like [08:00-17:00]."
            },
            {
                Place.Monday,
                "[08:00-17:00], [13:00-14:00]",
                7,
                "text with a colon must be in quotation marks: write monday: \"[08:00-17:00], [13:00-14:00]\"."
            },
            { Place.Monday, "[]\n      monday: []", 8, "'monday' appears twice: keep one of them." },
            {
                Place.Monday,
                "[\"\\q\"]",
                7,
                "a text in quotation marks is not closed, or has a quotation mark or a \\ inside: close it, write ' inside of '…' as '', and inside of \"…\" write \\\" and \\\\."
            },
            {
                Place.Monday,
                "| ",
                7,
                "monday is a list and needs brackets, even around a single item: write monday: [08:00-17:00]."
            },
            {
                Place.Monday,
                "? [a]",
                7,
                "this cannot be read: check that the line is indented like the others of its kind, that it is written as name: value, and that text with special characters is in quotation marks."
            },
            {
                Place.Location,
                "nonsense: 1",
                6,
                "'nonsense' is not a property of a location: write one of slug, name, address, telephone, email, coordinates, timeZone, access, acceptingNewPatients, telehealth, languages, accessibilityNotes, temporaryClosure, closedForGoodOn, hours, hoursChanges, exceptions, hoursVerifiedAt."
            },
            {
                Place.Location,
                "phone: 1",
                6,
                "'phone' is not a property of a location: write one of slug, name, address, telephone, email, coordinates, timeZone, access, acceptingNewPatients, telehealth, languages, accessibilityNotes, temporaryClosure, closedForGoodOn, hours, hoursChanges, exceptions, hoursVerifiedAt."
            },
            {
                Place.Location,
                "timezone: America/Chicago",
                6,
                "'timezone' is not a property of a location: write timeZone."
            },
            { Place.Location, "Email: a@example.com", 6, "'Email' is not a property of a location: write email." },
            {
                Place.Location,
                "<<: {}",
                6,
                "'<<' is not a property of a location: write one of slug, name, address, telephone, email, coordinates, timeZone, access, acceptingNewPatients, telehealth, languages, accessibilityNotes, temporaryClosure, closedForGoodOn, hours, hoursChanges, exceptions, hoursVerifiedAt."
            },
            {
                Place.Location,
                "slug: Not A Slug",
                4,
                "'Not A Slug' is not made of lower-case letters, digits and single hyphens: write not-a-slug."
            },
            {
                Place.Location,
                "slug: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                4,
                "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' has 65 characters: write at most 64."
            },
            {
                Place.Location,
                "slug: Ärzte",
                4,
                "'Ärzte' is not made of lower-case letters, digits and single hyphens: write arzte."
            },
            {
                Place.Location,
                "slug: a--b",
                4,
                "'a--b' is not made of lower-case letters, digits and single hyphens: write a-b."
            },
            {
                Place.Location,
                "slug: -a",
                4,
                "'-a' is not made of lower-case letters, digits and single hyphens: write a."
            },
            { Place.Location, "slug:", 4, "slug has no value: write slug: main-street." },
            { Place.Location, "slug: ~", 4, "slug has no value: write slug: main-street." },
            {
                Place.Location,
                "slug: [a]",
                4,
                "slug is a single value without brackets and properties: write slug: main-street."
            },
            {
                Place.Location,
                "telephone: call us",
                6,
                "'call us' is not a telephone number with its country code: write it like +15555550100."
            },
            {
                Place.Location,
                "telephone: 870-555-0100",
                6,
                "'870-555-0100' is not a telephone number with its country code: write it like +15555550100."
            },
            {
                Place.Location,
                "telephone: +999 555 0100",
                6,
                "'+999 555 0100' is not a telephone number with its country code: write it like +15555550100."
            },
            {
                Place.Location,
                "telephone: +1555",
                6,
                "'+1555' is not a telephone number with its country code: write it like +15555550100."
            },
            {
                Place.Location,
                "telephone: \"+1 555 555 0100 ext. 5\"",
                6,
                "'+1 555 555 0100 ext. 5' is not a telephone number with its country code: write it like +15555550100."
            },
            {
                Place.Location,
                "telephone: +1-800-FLOWERS",
                6,
                "'+1-800-FLOWERS' is not a telephone number with its country code: write it like +15555550100."
            },
            {
                Place.Location,
                "telephone:",
                6,
                "telephone has no value: write telephone: +15555550100, or leave telephone out."
            },
            {
                Place.Location,
                "telephone: []",
                6,
                "telephone is a single value without brackets and properties: write telephone: +15555550100."
            },
            {
                Place.Location,
                "email: nobody",
                6,
                "'nobody' is not an e-mail address: write it like front-desk@example.com."
            },
            {
                Place.Location,
                "email: nobody@localhost",
                6,
                "'nobody@localhost' is not an e-mail address: write it like front-desk@example.com."
            },
            {
                Place.Location,
                "email: a b@example.com",
                6,
                "'a b@example.com' is not an e-mail address: write it like front-desk@example.com."
            },
            {
                Place.Location,
                "email: a@example..com",
                6,
                "'a@example..com' is not an e-mail address: write it like front-desk@example.com."
            },
            {
                Place.Location,
                "email: Front Desk <a@example.com>",
                6,
                "'Front Desk <a@example.com>' is not an e-mail address: write it like front-desk@example.com."
            },
            {
                Place.Location,
                "address: { country: Arkansas }",
                6,
                "'Arkansas' is not the code of a country: write its two letters, like US."
            },
            { Place.Location, "address: { country: USA }", 6, "'USA' is not the code of a country: write US." },
            { Place.Location, "address: { country: us }", 6, "'us' is not the code of a country: write US." },
            { Place.Location, "address: { country: UK }", 6, "'UK' is not the code of a country: write GB." },
            { Place.Location, "address: { country: Germany }", 6, "'Germany' is not the code of a country: write DE." },
            {
                Place.Location,
                "address: { country: XX }",
                6,
                "'XX' is not the code of a country: write its two letters, like US."
            },
            {
                Place.Location,
                "address: { region: Arkansas, country: US }",
                6,
                "'Arkansas' is not the code of a state: write its two letters, like AR."
            },
            {
                Place.Location,
                "address: { street: 1 Example Street }",
                6,
                "'street' is not a property of an address: write one of streetAddress, locality, region, postalCode, country."
            },
            {
                Place.Location,
                "address: 1 Example Street",
                6,
                "'1 Example Street' is not an address: write it like { locality: Jonesboro, region: AR, country: US }."
            },
            {
                Place.Location,
                "address: []",
                6,
                "this is not an address: write it like { locality: Jonesboro, region: AR, country: US }."
            },
            { Place.Location, "address: { locality: \"\" }", 6, "the text is empty: write it, or remove the line." },
            {
                Place.Location,
                "address:",
                6,
                "address has no value: write address: { locality: Jonesboro, region: AR, country: US }, or leave address out."
            },
            {
                Place.Location,
                "coordinates: { latitude: 91, longitude: 0 }",
                6,
                "'91' is not a number of degrees: write one from -90 to 90, like 35.84."
            },
            {
                Place.Location,
                "coordinates: { latitude: 0, longitude: -180.5 }",
                6,
                "'-180.5' is not a number of degrees: write one from -180 to 180, like -90.7."
            },
            {
                Place.Location,
                "coordinates: { latitude: NaN, longitude: 0 }",
                6,
                "'NaN' is not a number of degrees: write one from -90 to 90, like 35.84."
            },
            {
                Place.Location,
                "coordinates: { latitude: 1e1, longitude: 0 }",
                6,
                "'1e1' is not a number of degrees: write one from -90 to 90, like 35.84."
            },
            {
                Place.Location,
                "coordinates: { latitude: \"35,84\", longitude: 0 }",
                6,
                "'35,84' is not a number of degrees: write one from -90 to 90, like 35.84."
            },
            {
                Place.Location,
                "coordinates: { latitude: 35 }",
                6,
                "coordinates must have longitude: write longitude: -90.7."
            },
            {
                Place.Location,
                "coordinates: [35, -90]",
                6,
                "this is not coordinates: write it like { latitude: 35.84, longitude: -90.7 }."
            },
            {
                Place.Location,
                "coordinates: 35,-90",
                6,
                "'35,-90' is not coordinates: write it like { latitude: 35.84, longitude: -90.7 }."
            },
            {
                Place.Location,
                "coordinates: { lat: 35, lon: -90 }",
                6,
                "'lat' is not a property of coordinates: write one of latitude, longitude."
            },
            {
                Place.Location,
                "timeZone: EST5EDT",
                2,
                "'EST5EDT' is not an IANA time zone that is named after a place: write one like America/Chicago."
            },
            {
                Place.Location,
                "timeZone: UTC+05:00",
                2,
                "'UTC+05:00' is not an IANA time zone that is named after a place: write one like America/Chicago."
            },
            {
                Place.Location,
                "timeZone: CST",
                2,
                "'CST' is not an IANA time zone that is named after a place: write one like America/Chicago."
            },
            {
                Place.Location,
                "timeZone: Etc/GMT+6",
                2,
                "'Etc/GMT+6' is not an IANA time zone that is named after a place: write one like America/Chicago."
            },
            {
                Place.Location,
                "timeZone: america/chicago",
                2,
                "'america/chicago' is not an IANA time zone that is named after a place: write one like America/Chicago."
            },
            {
                Place.Location,
                "timeZone: Mars/Phobos",
                2,
                "'Mars/Phobos' is not an IANA time zone that is named after a place: write one like America/Chicago."
            },
            {
                Place.Location,
                "timeZone: Central Time",
                2,
                "'Central Time' is not an IANA time zone that is named after a place: write one like America/Chicago."
            },
            {
                Place.Location,
                "timeZone: -06:00",
                2,
                "'-06:00' is not an IANA time zone that is named after a place: write one like America/Chicago."
            },
            {
                Place.Location,
                "timeZone: GMT",
                2,
                "'GMT' is not an IANA time zone that is named after a place: write one like America/Chicago."
            },
            {
                Place.Location,
                "access: [5]",
                6,
                "'5' is not a way in which patients are seen: write open or byAppointment or walkIn or telephoneOnly."
            },
            {
                Place.Location,
                "access: [drivein]",
                6,
                "'drivein' is not a way in which patients are seen: write open or byAppointment or walkIn or telephoneOnly."
            },
            {
                Place.Location,
                "access: walkIn",
                6,
                "access is a list and needs brackets, even around a single item: write access: [walkIn]."
            },
            {
                Place.Location,
                "access: walkIn, byAppointment",
                6,
                "access is a list and needs brackets, even around a single item: write access: [walkIn, byAppointment]."
            },
            {
                Place.Location,
                "access: drivein",
                6,
                "access is a list and needs brackets, even around a single item: write access: [byAppointment]."
            },
            { Place.Location, "access: [walkIn, walkIn]", 6, "access has the same value twice: write it once." },
            {
                Place.Location,
                "access: { walkIn: true }",
                6,
                "access is a list: write each item after a hyphen, like - byAppointment."
            },
            {
                Place.Location,
                "access: [~]",
                6,
                "access has an item without a value: write it, like byAppointment, or remove it."
            },
            {
                Place.Location,
                "access: [[walkIn]]",
                6,
                "access is a single value without brackets and properties: write access: byAppointment."
            },
            {
                Place.Location,
                "acceptingNewPatients: perhaps",
                6,
                "'perhaps' is neither true nor false: write one of them."
            },
            { Place.Location, "telehealth: 1", 6, "'1' is neither true nor false: write one of them." },
            {
                Place.Location,
                "telehealth: [true]",
                6,
                "telehealth is a single value without brackets and properties: write telehealth: true."
            },
            {
                Place.Location,
                "languages: [English]",
                6,
                "'English' is not the tag of a language: write it like en, es or mh."
            },
            {
                Place.Location,
                "languages: en",
                6,
                "languages is a list and needs brackets, even around a single item: write languages: [en]."
            },
            {
                Place.Location,
                "languages: English",
                6,
                "languages is a list and needs brackets, even around a single item: write languages: [en]."
            },
            { Place.Location, "languages: [en, EN]", 6, "languages has the same value twice: write it once." },
            {
                Place.Location,
                "languages: [en_US]",
                6,
                "'en_US' is not the tag of a language: write it like en, es or mh."
            },
            { Place.Location, "accessibilityNotes: \"\"", 6, "the text is empty: write it, or remove the line." },
            {
                Place.Location,
                "accessibilityNotes: \"a\\nb\"",
                6,
                "'a b' has a line break or another control character in it: write one line of text without control characters."
            },
            {
                Place.Location,
                "accessibilityNotes: |\n      one\n      two",
                6,
                "'one two' has a line break or another control character in it: write one line of text without control characters."
            },
            {
                Place.Location,
                "temporaryClosure: {}",
                6,
                "a temporaryClosure without dates and reason closes at once, and nobody knows for how long: write { closedFrom: 2026-06-01, reopensOn: 2026-08-03, reason: Renovation }, or leave temporaryClosure out."
            },
            {
                Place.Location,
                "temporaryClosure: true",
                6,
                "'true' is not a temporaryClosure: write it like { closedFrom: 2026-06-01, reopensOn: 2026-08-03, reason: Renovation }."
            },
            {
                Place.Location,
                "temporaryClosure: { closedFrom: ~ }",
                6,
                "a temporaryClosure without dates and reason closes at once, and nobody knows for how long: write { closedFrom: 2026-06-01, reopensOn: 2026-08-03, reason: Renovation }, or leave temporaryClosure out."
            },
            {
                Place.Location,
                "temporaryClosure: { from: 2026-06-02 }",
                6,
                "'from' is not a property of a temporaryClosure: write one of closedFrom, reopensOn, reason."
            },
            {
                Place.Location,
                "temporaryClosure: { closedFrom: 2026-06-02, reopensOn: 2026-06-02 }",
                6,
                "reopensOn is not after closedFrom: write the first day on which it is open again."
            },
            {
                Place.Location,
                "temporaryClosure: { closedFrom: 2026-06-02, reopensOn: 2026-06-01 }",
                6,
                "reopensOn is not after closedFrom: write the first day on which it is open again."
            },
            {
                Place.Location,
                "temporaryClosure: { closedFrom: 06/02/2026 }",
                6,
                "'06/02/2026' is not a date: write 2026-06-02."
            },
            {
                Place.Location,
                "closedForGoodOn: 2026-12-32",
                6,
                "'2026-12-32' is not a date: the last day of that month is 2026-12-31."
            },
            { Place.Location, "closedForGoodOn: true", 6, "'true' is not a date: write it like 2026-12-24." },
            {
                Place.Location,
                "closedForGoodOn: 2026-13-01",
                6,
                "'2026-13-01' is not a date: write year, month and day, the month from 01 to 12."
            },
            { Place.Location, "closedForGoodOn: 12/31/2026", 6, "'12/31/2026' is not a date: write 2026-12-31." },
            {
                Place.Location,
                "closedForGoodOn: December 31, 2026",
                6,
                "'December 31, 2026' is not a date: write 2026-12-31."
            },
            { Place.Location, "closedForGoodOn: 2026-2-3", 6, "'2026-2-3' is not a date: write 2026-02-03." },
            {
                Place.Location,
                "closedForGoodOn: 31.12.2026",
                6,
                "'31.12.2026' is not a date: write it like 2026-12-24."
            },
            {
                Place.Location,
                "closedForGoodOn: 2027-02-29",
                6,
                "'2027-02-29' is not a date: the last day of that month is 2027-02-28."
            },
            { Place.Location, "closedForGoodOn: 12-31", 6, "'12-31' has no year: write the date like 2026-12-31." },
            {
                Place.Location,
                "closedForGoodOn: 0001-01-01",
                6,
                "'0001-01-01' is too long ago: write a date from 1900-01-01 on."
            },
            {
                Place.Location,
                "closedForGoodOn: -0001-01-01",
                6,
                "'-0001-01-01' is too long ago: write a date from 1900-01-01 on."
            },
            {
                Place.Location,
                "closedForGoodOn: 2026-12-31T00:00:00Z",
                6,
                "'2026-12-31T00:00:00Z' is not a date: write 2026-12-31."
            },
            { Place.Location, "closedForGoodOn: never", 6, "'never' is not a date: write it like 2026-12-24." },
            { Place.Location, "closedForGoodOn: 20261231", 6, "'20261231' is not a date: write it like 2026-12-24." },
            {
                Place.Location,
                "closedForGoodOn: 10000-01-01",
                6,
                "'10000-01-01' is not a date: write it like 2026-12-24."
            },
            {
                Place.Location,
                "hoursVerifiedAt: yesterday",
                6,
                "'yesterday' is not a time in UTC: write date and time with a Z, like 2026-01-12T15:00:00Z."
            },
            {
                Place.Location,
                "hoursVerifiedAt: 2026-01-12",
                6,
                "'2026-01-12' is not a time in UTC: write date and time with a Z, like 2026-01-12T15:00:00Z."
            },
            {
                Place.Location,
                "hoursVerifiedAt: 2026-01-12T09:00:00-06:00",
                6,
                "'2026-01-12T09:00:00-06:00' is not in UTC: write 2026-01-12T15:00:00Z."
            },
            {
                Place.Location,
                "hoursVerifiedAt: 2026-01-12 09:00",
                6,
                "'2026-01-12 09:00' is not a time in UTC: write date and time with a Z, like 2026-01-12T15:00:00Z."
            },
            {
                Place.Location,
                "hoursVerifiedAt: 1899-12-31T00:00:00Z",
                6,
                "'1899-12-31T00:00:00Z' is too long ago: write a time from 1900 on."
            },
            {
                Place.Location,
                "hours: closed",
                6,
                "'closed' is not the hours of a week: write it like { monday: [08:00-17:00], tuesday: [08:00-17:00], wednesday: [], thursday: [], friday: [], saturday: [], sunday: [] }."
            },
            {
                Place.Location,
                "hours: []",
                6,
                "this is not the hours of a week: write it like { monday: [08:00-17:00], tuesday: [08:00-17:00], wednesday: [], thursday: [], friday: [], saturday: [], sunday: [] }."
            },
            {
                Place.Location,
                "hours: Mo-Fr 08:00-17:00",
                6,
                "'Mo-Fr 08:00-17:00' is not the hours of a week: write it like { monday: [08:00-17:00], tuesday: [08:00-17:00], wednesday: [], thursday: [], friday: [], saturday: [], sunday: [] }."
            },
            {
                Place.Location,
                "hours: { monday: [] }",
                6,
                "the hours of a week must have tuesday: write tuesday: [08:00-17:00], or [] where it is closed."
            },
            {
                Place.Location,
                "hours: { monday: [], tuesday: [], wednesday: [], thursday: [], saturday: [], sunday: [] }",
                6,
                "the hours of a week must have friday: write friday: [08:00-17:00], or [] where it is closed."
            },
            {
                Place.Location,
                "hours: { Monday: [] }",
                6,
                "'Monday' is not a property of the hours of a week: write monday."
            },
            {
                Place.Location,
                "hours: { mon: [] }",
                6,
                "'mon' is not a property of the hours of a week: write one of monday, tuesday, wednesday, thursday, friday, saturday, sunday."
            },
            {
                Place.Location,
                "hours:",
                6,
                "hours has no value: write hours: { monday: [08:00-17:00], tuesday: [08:00-17:00], wednesday: [], thursday: [], friday: [], saturday: [], sunday: [] }, or leave hours out."
            },
            {
                Place.Location,
                "hours: { weekdays: [08:00-17:00] }",
                6,
                "'weekdays' is not a property of the hours of a week: write one of monday, tuesday, wednesday, thursday, friday, saturday, sunday."
            },
            {
                Place.Location,
                "hoursChanges: [{ validFrom: soon }]",
                6,
                "'soon' is not a date: write it like 2026-12-24."
            },
            {
                Place.Location,
                "hoursChanges: { validFrom: 2026-06-01 }",
                6,
                "hoursChanges is a list: write each item after a hyphen, like - { validFrom: 2026-06-01, monday: [08:00-17:00], tuesday: [08:00-17:00], wednesday: [], thursday: [], friday: [], saturday: [], sunday: [] }."
            },
            {
                Place.Location,
                "hoursChanges: [{ monday: [] }]",
                6,
                "a change of hours must have validFrom: write validFrom: 2026-06-01."
            },
            {
                Place.Location,
                "hoursChanges: [~]",
                6,
                "hoursChanges has an item without a value: write it, like { validFrom: 2026-06-01, monday: [08:00-17:00], tuesday: [08:00-17:00], wednesday: [], thursday: [], friday: [], saturday: [], sunday: [] }, or remove it."
            },
            {
                Place.Location,
                "hoursChanges:\n      - &a { validFrom: 2026-06-01, monday: [], tuesday: [], wednesday: [], thursday: [], friday: [], saturday: [], sunday: [] }\n      - *a",
                7,
                "there are two hoursChanges from 2026-06-01: keep one of them."
            },
            {
                Place.Location,
                "exceptions:",
                6,
                "exceptions has no value: write exceptions: [{ when: every 12-25, reason: Christmas Day, closed: true }], or leave exceptions out."
            },
            { Place.Location, "exceptions: ~\n    exceptions: ~", 7, "'exceptions' appears twice: keep one of them." },
            {
                Place.Location,
                "exceptions: { when: every 12-25, reason: R, closed: true }",
                6,
                "exceptions is a list: write each item after a hyphen, like - { when: every 12-25, reason: Christmas Day, closed: true }."
            },
            {
                Place.Location,
                "exceptions: every 12-25",
                6,
                "exceptions is a list and needs brackets, even around a single item: write exceptions: [{ when: every 12-25, reason: Christmas Day, closed: true }]."
            },
            {
                Place.Location,
                "exceptions: [~]",
                6,
                "exceptions has an item without a value: write it, like { when: every 12-25, reason: Christmas Day, closed: true }, or remove it."
            },
            {
                Place.Location,
                "exceptions:\n      -",
                7,
                "exceptions has an item without a value: write it, like { when: every 12-25, reason: Christmas Day, closed: true }, or remove it."
            },
            {
                Place.Location,
                "exceptions: [every 12-25]",
                6,
                "'every 12-25' is not an exception: write it like { when: every 12-25, reason: Christmas Day, closed: true }."
            },
            { Place.Location, "\tname: x", 6, "the line begins with a tab: indent it with spaces." },
            {
                Place.Location,
                "  name: x",
                6,
                "this cannot be read: check that the line is indented like the others of its kind, that it is written as name: value, and that text with special characters is in quotation marks."
            },
            {
                Place.Location,
                "name: Foo: Bar",
                5,
                "text with a colon must be in quotation marks: write name: \"Foo: Bar\"."
            },
            {
                Place.Location,
                "name: \"Foo",
                5,
                "a text in quotation marks is not closed, or has a quotation mark or a \\ inside: close it, write ' inside of '…' as '', and inside of \"…\" write \\\" and \\\\."
            },
            {
                Place.Location,
                "name: 'O'Brien'",
                5,
                "a text in quotation marks is not closed, or has a quotation mark or a \\ inside: close it, write ' inside of '…' as '', and inside of \"…\" write \\\" and \\\\."
            },
            {
                Place.Location,
                "name: *important*",
                5,
                "*important* refers to &important*, which does not occur above it: write the value itself, or put text that begins with * in quotation marks."
            },
            { Place.Location, "name: &", 5, "text that begins with * or & must be in quotation marks: write \"* …\"." },
            {
                Place.Location,
                "name: !x y",
                5,
                "'!x' is a tag, which is not allowed here: remove it, or put text that begins with ! in quotation marks."
            },
            { Place.Location, "name: @x", 5, "text that begins with @ must be in quotation marks: write \"@…\"." },
            {
                Place.Location,
                "accessibilityNotes: [a",
                6,
                "the [ is not closed, or a comma is missing after it: write it like [08:00-12:00, 13:00-17:00]."
            },
            {
                Place.Location,
                "accessibilityNotes: {a",
                6,
                "the { is not closed, or a comma is missing after it: write it like { when: every 12-25, reason: Christmas Day, closed: true }."
            },
            {
                Place.Location,
                "- x",
                6,
                "this cannot be read: check that the line is indented like the others of its kind, that it is written as name: value, and that text with special characters is in quotation marks."
            },
            {
                Place.Location,
                "just text",
                6,
                "this cannot be read: check that the line is indented like the others of its kind, that it is written as name: value, and that text with special characters is in quotation marks."
            },
            {
                Place.Location,
                "? a",
                6,
                "'a' is not a property of a location: write one of slug, name, address, telephone, email, coordinates, timeZone, access, acceptingNewPatients, telehealth, languages, accessibilityNotes, temporaryClosure, closedForGoodOn, hours, hoursChanges, exceptions, hoursVerifiedAt."
            },
            {
                Place.Location,
                "name: a # b\n    : c",
                6,
                "there is a colon without a name before it: write name: value."
            },
            {
                Place.Location,
                "accessibilityNotes: a\n   b: c",
                7,
                "this cannot be read: check that the line is indented like the others of its kind, that it is written as name: value, and that text with special characters is in quotation marks."
            },
            {
                Place.Location,
                "accessibilityNotes: >-\n     a\n  b",
                8,
                "this cannot be read: check that the line is indented like the others of its kind, that it is written as name: value, and that text with special characters is in quotation marks."
            },
            { Place.When, "every 13-01", 7, "'13-01' is not a day of the year: write month and day, like 12-25." },
            { Place.When, "2026-02-30", 7, "'2026-02-30' is not a date: the last day of that month is 2026-02-28." },
            { Place.When, "2027-02-29", 7, "'2027-02-29' is not a date: the last day of that month is 2027-02-28." },
            {
                Place.When,
                "2026-03-02 to 2026-03-01",
                7,
                "'2026-03-02 to 2026-03-01' ends before it begins: write the earlier date first, 2026-03-01 to 2026-03-02."
            },
            {
                Place.When,
                "2026-12-25 to 2026-12-20",
                7,
                "'2026-12-25 to 2026-12-20' ends before it begins: write the earlier date first, 2026-12-20 to 2026-12-25."
            },
            {
                Place.When,
                "every sixth monday of may",
                7,
                "'sixth' is none of first, second, third, fourth, fifth, last: write one of them."
            },
            {
                Place.When,
                "every 4th thursday of november",
                7,
                "'4th' is none of first, second, third, fourth, fifth, last: write one of them."
            },
            {
                Place.When,
                "every fourth thurs of november",
                7,
                "'thurs' is none of monday, tuesday, wednesday, thursday, friday, saturday, sunday: write one of them."
            },
            {
                Place.When,
                "every fourth thursday of nov",
                7,
                "'nov' is none of january, february, march, april, may, june, july, august, september, october, november, december: write one of them."
            },
            {
                Place.When,
                "every 02-01 to 02-29",
                7,
                "'every 02-01 to 02-29' begins or ends on February 29, which most years do not have: write 02-28 or 03-01."
            },
            {
                Place.When,
                "every 02-29 to 03-02",
                7,
                "'every 02-29 to 03-02' begins or ends on February 29, which most years do not have: write 02-28 or 03-01."
            },
            { Place.When, "every 02-30", 7, "'02-30' is not a day of the year: the last day of that month is 02-29." },
            { Place.When, "every 00-10", 7, "'00-10' is not a day of the year: write month and day, like 12-25." },
            { Place.When, "every 01-00", 7, "'01-00' is not a day of the year: write month and day, like 12-25." },
            {
                Place.When,
                "12-25",
                7,
                "'12-25' has no year: write every 12-25 for every year, or the date like 2026-12-25."
            },
            { Place.When, "every december 25", 7, "'every december 25' does not name days: write every 12-25." },
            {
                Place.When,
                "every monday",
                7,
                "'every monday' does not name days: write them like 2026-12-24, 2026-12-24 to 2027-01-02, every 12-25, every 12-24 to 01-02 or every fourth thursday of november."
            },
            {
                Place.When,
                "christmas",
                7,
                "'christmas' does not name days: write them like 2026-12-24, 2026-12-24 to 2027-01-02, every 12-25, every 12-24 to 01-02 or every fourth thursday of november."
            },
            {
                Place.When,
                "2026-12-24 - 2027-01-02",
                7,
                "'2026-12-24 - 2027-01-02' does not name days: write 2026-12-24 to 2027-01-02."
            },
            {
                Place.When,
                "2026-12-24 until 2027-01-02",
                7,
                "'2026-12-24 until 2027-01-02' does not name days: write 2026-12-24 to 2027-01-02."
            },
            {
                Place.When,
                "every 12-24 - 01-02",
                7,
                "'every 12-24 - 01-02' does not name days: write every 12-24 to 01-02."
            },
            {
                Place.When,
                "every 12-24 to 2027-01-02",
                7,
                "'every 12-24 to 2027-01-02' does not name days: write them like 2026-12-24, 2026-12-24 to 2027-01-02, every 12-25, every 12-24 to 01-02 or every fourth thursday of november."
            },
            { Place.When, "2026-12-24 to 01-02", 7, "'01-02' has no year: write the date like 2026-01-02." },
            { Place.When, "12/25/2026", 7, "'12/25/2026' does not name days: write 2026-12-25." },
            { Place.When, "2026-12-25T00:00:00Z", 7, "'2026-12-25T00:00:00Z' does not name days: write 2026-12-25." },
            { Place.When, "2026-2-3", 7, "'2026-2-3' does not name days: write 2026-02-03." },
            {
                Place.When,
                "2026",
                7,
                "'2026' does not name days: write them like 2026-12-24, 2026-12-24 to 2027-01-02, every 12-25, every 12-24 to 01-02 or every fourth thursday of november."
            },
            {
                Place.When,
                "every",
                7,
                "'every' does not name days: write them like 2026-12-24, 2026-12-24 to 2027-01-02, every 12-25, every 12-24 to 01-02 or every fourth thursday of november."
            },
            {
                Place.When,
                "every 2026-12-25",
                7,
                "'every 2026-12-25' does not name days: write them like 2026-12-24, 2026-12-24 to 2027-01-02, every 12-25, every 12-24 to 01-02 or every fourth thursday of november."
            },
            { Place.When, "Every 12-25", 7, "'Every 12-25' does not name days: write every 12-25." },
            {
                Place.When,
                "every 12-25 to",
                7,
                "'every 12-25 to' does not name days: write them like 2026-12-24, 2026-12-24 to 2027-01-02, every 12-25, every 12-24 to 01-02 or every fourth thursday of november."
            },
            {
                Place.When,
                "2026-12-25 to",
                7,
                "'2026-12-25 to' does not name days: write them like 2026-12-24, 2026-12-24 to 2027-01-02, every 12-25, every 12-24 to 01-02 or every fourth thursday of november."
            },
            {
                Place.When,
                "[2026-12-25]",
                7,
                "when is a single value without brackets and properties: write when: every 12-25."
            },
            { Place.When, "", 7, "when has no value: write when: every 12-25." },
            { Place.When, "~", 7, "when has no value: write when: every 12-25." },
            {
                Place.When,
                "december 25",
                7,
                "'december 25' does not name days: write them like 2026-12-24, 2026-12-24 to 2027-01-02, every 12-25, every 12-24 to 01-02 or every fourth thursday of november."
            },
            {
                Place.When,
                "2026-12-24, 2026-12-25",
                7,
                "'2026-12-24, 2026-12-25' does not name days: write them like 2026-12-24, 2026-12-24 to 2027-01-02, every 12-25, every 12-24 to 01-02 or every fourth thursday of november."
            },
            {
                Place.When,
                "2026-00-10",
                7,
                "'2026-00-10' is not a date: write year, month and day, the month from 01 to 12."
            },
            {
                Place.When,
                "every fourth thursday in november",
                7,
                "'every fourth thursday in november' does not name days: write them like 2026-12-24, 2026-12-24 to 2027-01-02, every 12-25, every 12-24 to 01-02 or every fourth thursday of november."
            },
            {
                Place.Exception,
                "{ when: every 12-25, closed: true }",
                7,
                "an exception must have reason: write reason: Christmas Day."
            },
            {
                Place.Exception,
                "{ reason: R, closed: true }",
                7,
                "an exception must have when: write when: every 12-25."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: R }",
                7,
                "'R' must say what happens, and only one thing: write one of closed: true, periods: [09:00-12:00], closedPart: 12:00-14:00 and asUsual: true."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: R, closed: true, asUsual: true }",
                7,
                "'R' must say what happens, and only one thing: write one of closed: true, periods: [09:00-12:00], closedPart: 12:00-14:00 and asUsual: true."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: R, closed: false }",
                7,
                "'R' must say what happens, and only one thing: write one of closed: true, periods: [09:00-12:00], closedPart: 12:00-14:00 and asUsual: true."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: R, closed: 08:00-09:00 }",
                7,
                "'08:00-09:00' is neither true nor false: write one of them."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: R, periods: [] }",
                7,
                "'R' must say what happens, and only one thing: write one of closed: true, periods: [09:00-12:00], closedPart: 12:00-14:00 and asUsual: true."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: R, periods: closed }",
                7,
                "'closed' is not a list of periods: write closed: true where it is closed."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: R, periods: 09:00-12:00 }",
                7,
                "periods is a list and needs brackets, even around a single item: write periods: [09:00-12:00]."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: R, periods: [~] }",
                7,
                "periods has an item without a value: write it, like 08:00-17:00, or remove it."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: R, closedPart: [12:00-14:00] }",
                7,
                "closedPart is one period without brackets: write closedPart: 12:00-14:00."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: R, closedPart: 12:00 }",
                7,
                "'12:00' is not a period: write when it opens and closes, like 08:00-17:00."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: R, periods: [09:00-12:00, 10:00-11:00] }",
                7,
                "09:00-12:00 and 10:00-11:00 overlap: write one period, or two of which the second opens after the first has closed."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: \"\", closed: true }",
                7,
                "the text is empty: write it, or remove the line."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: ~, closed: true }",
                7,
                "reason has no value: write reason: Christmas Day."
            },
            {
                Place.Exception,
                "{ date: 2026-12-25, reason: R, closed: true }",
                7,
                "'date' is not a property of an exception: write one of when, reason, closed, periods, closedPart, asUsual."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: R, closed: true },\n      { when: every 12-25, reason: S, periods: [09:00-12:00] }",
                8,
                "'S' is the second exception for the same days: keep one of them, with all its periods."
            },
            {
                Place.Exception,
                "{ when: 2026-12-25, reason: R, closed: true },\n      { when: 2026-12-25 to 2026-12-25, reason: S, asUsual: true }",
                8,
                "'S' is the second exception for the same days: keep one of them, with all its periods."
            },
            {
                Place.Exception,
                "{ when: every last monday of may, reason: R, closed: true },\n      { when: every last Monday of May, reason: S, closed: true }",
                8,
                "'S' is the second exception for the same days: keep one of them, with all its periods."
            },
            {
                Place.Exception,
                "{ when: 2026-12-25, reason: R, closedPart: 12:00-14:00 },\n      { when: 2026-12-25, reason: S, closedPart: 12:00-13:00 }",
                8,
                "'S' is the second exception for the same days: keep one of them, with all its periods."
            },
            {
                Place.Exception,
                "{ when: every 12-25, reason: R, closed: true",
                7,
                "the { is not closed, or a comma is missing after it: write it like { when: every 12-25, reason: Christmas Day, closed: true }."
            },
            {
                Place.Exception,
                "{ when: every 12-25 reason: R }",
                7,
                "the { is not closed, or a comma is missing after it: write it like { when: every 12-25, reason: Christmas Day, closed: true }."
            },
            {
                Place.Exception,
                "~",
                7,
                "exceptions has an item without a value: write it, like { when: every 12-25, reason: Christmas Day, closed: true }, or remove it."
            },
            {
                Place.Exception,
                "every 12-25",
                7,
                "'every 12-25' is not an exception: write it like { when: every 12-25, reason: Christmas Day, closed: true }."
            },
            { Place.Exception, "{}", 7, "an exception must have when: write when: every 12-25." },
            { Place.Clinic, "", 1, "the file is empty: write clinic: with a timeZone, and locations:." },
            { Place.Clinic, "\n\n# nothing\n", 1, "the file is empty: write clinic: with a timeZone, and locations:." },
            {
                Place.Clinic,
                "~",
                1,
                "'~' is not a clinic's file: write it like clinic: { timeZone: America/Chicago } and locations: with a list below them."
            },
            {
                Place.Clinic,
                "[]",
                1,
                "this is not a clinic's file: write it like clinic: { timeZone: America/Chicago } and locations: with a list below them."
            },
            {
                Place.Clinic,
                "text",
                1,
                "'text' is not a clinic's file: write it like clinic: { timeZone: America/Chicago } and locations: with a list below them."
            },
            { Place.Clinic, "clinic:\n", 1, "clinic has no value: write clinic: { timeZone: America/Chicago }." },
            {
                Place.Clinic,
                "locations: []\n",
                1,
                "a clinic's file must have clinic: write clinic: { timeZone: America/Chicago }."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\n",
                1,
                "a clinic's file must have locations: write locations: [{ slug: main-street, name: Main Street }]."
            },
            {
                Place.Clinic,
                "clinic: {}\nlocations: []\n",
                1,
                "the clinic must have timeZone: write timeZone: America/Chicago."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: }\nlocations: []\n",
                1,
                "timeZone has no value: write timeZone: America/Chicago."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago, holidays: [] }\nlocations: []\n",
                1,
                "'holidays' is not a property of the clinic: write one of timeZone, exceptions."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\nlocations:\n",
                2,
                "locations has no value: write locations: [{ slug: main-street, name: Main Street }]."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\nlocations: here\n",
                2,
                "locations is a list and needs brackets, even around a single item: write locations: [{ slug: main-street, name: Main Street }]."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\nlocations: { slug: here, name: Here }\n",
                2,
                "locations is a list: write each item after a hyphen, like - { slug: main-street, name: Main Street }."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\nlocations:\n  -\n",
                3,
                "locations has an item without a value: write it, like { slug: main-street, name: Main Street }, or remove it."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\nlocations:\n  - here\n",
                3,
                "'here' is not a location: write it like { slug: main-street, name: Main Street }."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\nlocations:\n  - { name: Here }\n",
                3,
                "a location must have slug: write slug: main-street."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\nlocations:\n  - { slug: here }\n",
                3,
                "a location must have name: write name: Main Street."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\nlocations:\n  - { slug: here, name: Here }\n  - { slug: here, name: Again }\n",
                4,
                "the slug 'here' appears twice: write another one."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\nlocations: []\n---\nclinic: {}\n",
                3,
                "a second document begins here: remove the line with --- or ... above it."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\nlocation: []\n",
                2,
                "'location' is not a property of a clinic's file: write one of clinic, locations."
            },
            {
                Place.Clinic,
                "clinic: America/Chicago\nlocations: []\n",
                1,
                "'America/Chicago' is not the clinic: write it like { timeZone: America/Chicago }."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago, exceptions: [{ when: 2026-12-25, reason: R, closed: true }, { when: 2026-12-25, reason: S, closed: true }] }\nlocations: []\n",
                1,
                "'S' is the second exception for the same days: keep one of them, with all its periods."
            },
            {
                Place.Clinic,
                "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
                1,
                "this is nested too deeply: write fewer brackets."
            },
            { Place.Clinic, new string('[', 20_000), 1, "this is nested too deeply: write fewer brackets." },
            {
                Place.Clinic,
                "a: &a [*a]\n",
                1,
                "*a refers to &a, which does not occur above it: write the value itself, or put text that begins with * in quotation marks."
            },
            {
                Place.Clinic,
                "{\"clinic\": {\"timeZone\": \"America/Chicago\"},\n\"locations\": [{\"slug\": \"here\"}]}",
                2,
                "a location must have name: write name: Main Street."
            },
            {
                Place.Clinic,
                "clinic:\n  timeZone: America/Chicago\n locations: []\n",
                3,
                "this cannot be read: check that the line is indented like the others of its kind, that it is written as name: value, and that text with special characters is in quotation marks."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\r\nlocations:\r\n  - { slug: here, nam: Here }\r\n",
                3,
                "'nam' is not a property of a location: write one of slug, name, address, telephone, email, coordinates, timeZone, access, acceptingNewPatients, telehealth, languages, accessibilityNotes, temporaryClosure, closedForGoodOn, hours, hoursChanges, exceptions, hoursVerifiedAt."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\rlocations:\r  - { slug: here, nam: Here }\r",
                3,
                "'nam' is not a property of a location: write one of slug, name, address, telephone, email, coordinates, timeZone, access, acceptingNewPatients, telehealth, languages, accessibilityNotes, temporaryClosure, closedForGoodOn, hours, hoursChanges, exceptions, hoursVerifiedAt."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\nlocations: []\n\u0000",
                3,
                "there is a character U+0000 here: remove it, or save the file as UTF-8."
            },
            {
                Place.Clinic,
                "\u0007",
                1,
                "' ' is not a clinic's file: write it like clinic: { timeZone: America/Chicago } and locations: with a list below them."
            },
            {
                Place.Clinic,
                "%YAML 1.1\n%FOO\n---\n",
                1,
                "the file is empty: write clinic: with a timeZone, and locations:."
            },
            {
                Place.Clinic,
                "!!map {}",
                1,
                "'tag:yaml.org,2002:map' is a tag, which is not allowed here: remove it, or put text that begins with ! in quotation marks."
            },
            {
                Place.Clinic,
                "clinic: { timeZone: America/Chicago }\nlocations: []\n...\nmore\n",
                4,
                "a second document begins here: remove the line with --- or ... above it."
            },
            {
                Place.FrontMatter,
                "published: yesterday",
                5,
                "'yesterday' is not a time in UTC: write date and time with a Z, like 2026-01-12T15:00:00Z."
            },
            {
                Place.FrontMatter,
                "published: 2026-01-12",
                5,
                "'2026-01-12' is not a time in UTC: write date and time with a Z, like 2026-01-12T15:00:00Z."
            },
            {
                Place.FrontMatter,
                "published: 01/12/2026",
                5,
                "'01/12/2026' is not a time in UTC: write date and time with a Z, like 2026-01-12T15:00:00Z."
            },
            {
                Place.FrontMatter,
                "published: 2026-01-12T09:00:00-06:00",
                5,
                "'2026-01-12T09:00:00-06:00' is not in UTC: write 2026-01-12T15:00:00Z."
            },
            {
                Place.FrontMatter,
                "published: 2026-02-30T15:00:00Z",
                5,
                "'2026-02-30' is not a date: the last day of that month is 2026-02-28."
            },
            {
                Place.FrontMatter,
                "published:",
                5,
                "published has no value: write published: 2026-01-12T15:00:00Z, or leave published out."
            },
            {
                Place.FrontMatter,
                "tags: a, b",
                5,
                "tags is a list and needs brackets, even around a single item: write tags: [a, b]."
            },
            {
                Place.FrontMatter,
                "tags: a",
                5,
                "tags is a list and needs brackets, even around a single item: write tags: [a]."
            },
            {
                Place.FrontMatter,
                "tags: [A b]",
                5,
                "'A b' is not made of lower-case letters, digits and single hyphens: write a-b."
            },
            {
                Place.FrontMatter,
                "tags: [\"\"]",
                5,
                "'' is not made of lower-case letters, digits and single hyphens: write one like main-street."
            },
            {
                Place.FrontMatter,
                "tags: [~]",
                5,
                "tags has an item without a value: write it, like sleep, or remove it."
            },
            {
                Place.FrontMatter,
                "tags: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]",
                5,
                "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' has 65 characters: write at most 64."
            },
            { Place.FrontMatter, "tags: { a: b }", 5, "tags is a list: write each item after a hyphen, like - sleep." },
            { Place.FrontMatter, "tags:", 5, "tags has no value: write tags: [sleep], or leave tags out." },
            {
                Place.FrontMatter,
                "slug: two",
                3,
                "the slug 'two' must be the file's name: rename the file to two.md, or change the slug."
            },
            {
                Place.FrontMatter,
                "slug: One",
                3,
                "'One' is not made of lower-case letters, digits and single hyphens: write one."
            },
            {
                Place.FrontMatter,
                "slug: one.md",
                3,
                "'one.md' is not made of lower-case letters, digits and single hyphens: write one-md."
            },
            { Place.FrontMatter, "title:", 2, "title has no value: write title: Sleep." },
            {
                Place.FrontMatter,
                "title: \"One\\atwo\"",
                2,
                "'One two' has a line break or another control character in it: write one line of text without control characters."
            },
            {
                Place.FrontMatter,
                "title: [One]",
                2,
                "title is a single value without brackets and properties: write title: Sleep."
            },
            {
                Place.FrontMatter,
                "title: Sleep: a guide",
                2,
                "text with a colon must be in quotation marks: write title: \"Sleep: a guide\"."
            },
            {
                Place.FrontMatter,
                "date: 2026-01-12",
                5,
                "'date' is not a property of front matter: write one of title, slug, summary, tags, author, published."
            },
            {
                Place.FrontMatter,
                "author: ~x: y",
                5,
                "text with a colon must be in quotation marks: write author: \"~x: y\"."
            },
            { Place.FrontMatter, "author: \"\"", 5, "the text is empty: write it, or remove the line." },
            {
                Place.FrontMatter,
                "summary: \"a\\nb\"",
                4,
                "'a b' has a line break or another control character in it: write one line of text without control characters."
            },
            {
                Place.FrontMatter,
                "draft: true",
                5,
                "'draft' is not a property of front matter: write one of title, slug, summary, tags, author, published."
            },
            {
                Place.FrontMatter,
                "published: soon",
                5,
                "'soon' is not a time in UTC: write date and time with a Z, like 2026-01-12T15:00:00Z."
            },
            {
                Place.FrontMatter,
                "title: \"\\ud800\"",
                2,
                "a text in quotation marks is not closed, or has a quotation mark or a \\ inside: close it, write ' inside of '…' as '', and inside of \"…\" write \\\" and \\\\."
            },
            {
                Place.FrontMatter,
                "summary: \"unclosed",
                4,
                "a text in quotation marks is not closed, or has a quotation mark or a \\ inside: close it, write ' inside of '…' as '', and inside of \"…\" write \\\" and \\\\."
            },
            {
                Place.Article,
                "",
                1,
                "the file must begin with front matter between two lines of ---: write --- above and below title, slug and summary."
            },
            {
                Place.Article,
                "\n",
                1,
                "the file must begin with front matter between two lines of ---: write --- above and below title, slug and summary."
            },
            {
                Place.Article,
                "Text.\n",
                1,
                "the file must begin with front matter between two lines of ---: write --- above and below title, slug and summary."
            },
            {
                Place.Article,
                "---\n",
                1,
                "the file must begin with front matter between two lines of ---: write --- above and below title, slug and summary."
            },
            {
                Place.Article,
                "---\n---\nText.\n",
                2,
                "there is nothing between the lines of ---: write title: Sleep, slug: sleep and summary: How to sleep well, each on a line of its own."
            },
            {
                Place.Article,
                "title: One\n---\nText.\n",
                1,
                "the file must begin with front matter between two lines of ---: write --- above and below title, slug and summary."
            },
            {
                Place.Article,
                "---\ntitle: One\nslug: one\nsummary: S\nText.\n",
                1,
                "the file must begin with front matter between two lines of ---: write --- above and below title, slug and summary."
            },
            {
                Place.Article,
                "---\nslug: one\nsummary: S\n---\nText.\n",
                2,
                "front matter must have title: write title: Sleep."
            },
            {
                Place.Article,
                "---\ntitle: One\nsummary: S\n---\nText.\n",
                2,
                "front matter must have slug: write slug: sleep."
            },
            {
                Place.Article,
                "---\ntitle: One\nslug: one\n---\nText.\n",
                2,
                "front matter must have summary: write summary: How to sleep well."
            },
            {
                Place.Article,
                "---\n- title\n---\nText.\n",
                2,
                "this is not front matter: write it like title: Sleep, slug: sleep and summary: How to sleep well, each on a line of its own."
            },
            {
                Place.Article,
                "---\nnonsense\n---\nText.\n",
                2,
                "'nonsense' is not front matter: write it like title: Sleep, slug: sleep and summary: How to sleep well, each on a line of its own."
            },
            {
                Place.Article,
                "---\ntitle: One\ntitle: Two\nslug: one\nsummary: S\n---\n",
                3,
                "'title' appears twice: keep one of them."
            },
            {
                Place.Article,
                "---\ntitle: One\nslug: one\nsummary: S\n---\n\n> > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > > x\n",
                6,
                "the text is nested too deeply: write fewer quotations, lists and tags in one another."
            },
            {
                Place.Article,
                "---\ntitle: One\nslug: one\nsummary: S\n---\n<div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div><div>\n",
                6,
                "the text is nested too deeply: write fewer quotations, lists and tags in one another."
            },
            {
                Place.Article,
                "---\ntitle: One\nslug: one\nsummary: S\n---\na\u0000b\n",
                6,
                "there is a character U+0000 here: remove it, or save the file as UTF-8."
            },
            {
                Place.Article,
                "--- \ntitle: [\n---\n",
                2,
                "the [ is not closed, or a comma is missing after it: write it like [08:00-12:00, 13:00-17:00]."
            },
            {
                Place.Article,
                "***\ntitle: One\n***\n",
                1,
                "the file must begin with front matter between two lines of ---: write --- above and below title, slug and summary."
            },
        };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_reported_with_file_line_and_what_to_write(
        Place place,
        string text,
        int line,
        string sentence
    )
    {
        var (clinic, article) = place switch
        {
            Place.Location => (WithProperty(Clinic, text, "    ", below: "    name: Here"), Article),
            Place.Monday => (
                $"{Clinic}    hours:\n      monday: {text}\n      tuesday: []\n      wednesday: []\n      thursday: []\n      friday: []\n      saturday: []\n      sunday: []\n",
                Article
            ),
            Place.When => (
                $"{Clinic}    exceptions:\n      - when: {text}\n        reason: R\n        closed: true\n",
                Article
            ),
            Place.Exception => ($"{Clinic}    exceptions: [\n      {text}\n    ]\n", Article),
            Place.Clinic => (text, Article),
            Place.FrontMatter => (Clinic, WithProperty(Article, text, "", below: "summary: S")),
            _ => (Clinic, text),
        };
        Directory.CreateDirectory(folder.File("articles"));
        File.WriteAllText(folder.File("clinic.yaml"), clinic);
        File.WriteAllText(folder.File("articles/one.md"), article);
        var file = folder.File(place is Place.FrontMatter or Place.Article ? "articles/one.md" : "clinic.yaml");
        Assert.Equal(
            $"{file}, line {line}: {sentence}",
            Assert.Throws<StartupFault>(() => SeedFolder.Read(folder.Path)).Message
        );
    }

    static string WithProperty(string file, string text, string indent, string below)
    {
        var lines = file.Split('\n').ToList();
        var line = lines.FindIndex(line =>
            line.TrimStart(' ', '-').StartsWith(text.Split(':')[0] + ": ", StringComparison.Ordinal)
        );
        if (line >= 0)
            lines[line] = lines[line].Contains("- ", StringComparison.Ordinal) ? "  - " + text : indent + text;
        else
            lines.Insert(lines.IndexOf(below) + 1, indent + text);
        return string.Join('\n', lines);
    }
}
