using System.Globalization;
using Api.Formats;
using Api.Hours;
using Api.Http;
using NodaTime;
using Kind = (string Google, string Osm, string Fhir, string SchemaOrg, string Calendar);

namespace Api.Tests.Formats;

/// <summary>Every format with every kind of fact that it may not express.</summary>
public sealed class NotExpressedTests
{
    static readonly LocalDate Today = new(2026, 6, 1);
    static readonly DateRule LeapDay = new DateRule.Yearly(new AnnualDate(2, 29), new AnnualDate(2, 29));

    static readonly Dictionary<string, (Schedule Schedule, Kind Unsaid)> Kinds = new()
    {
        ["the usual week alone"] = (Usual(), ("", "", "", "", "")),
        ["by appointment"] = (
            Weekly(AccessMode.ByAppointment),
            ("accessModes", "accessModes", "accessModes", "accessModes", "")
        ),
        ["walk-in"] = (Weekly(AccessMode.WalkIn), ("accessModes", "accessModes", "accessModes", "accessModes", "")),
        ["by telephone only"] = (
            Weekly(AccessMode.TelephoneOnly),
            ("telephoneOnly", "telephoneOnly", "telephoneOnly", "telephoneOnly", "")
        ),
        ["a note"] = (Weekly(AccessMode.Open, "Ring twice"), ("notes", "notes", "notes", "notes", "")),
        ["hours that are not known"] = (Unknown(), ("unknownHours", "", "unknownHours", "unknownHours", "")),
        ["a night into a date that is not known"] = (
            Unknown(Dated(Day(2026, 12, 1), "16:00-01:00")),
            ("unknownHours, reasons", "", "unknownHours", "unknownHours", "")
        ),
        ["a closed part of a date that is not known"] = (
            Unknown(ClosedPart(Day(2026, 12, 1), "10:00-12:00")),
            ("unknownHours, reasons, periods", "", "unknownHours", "unknownHours, periods", "")
        ),
        ["a closed part of a date"] = (Usual(ClosedPart(Day(2026, 12, 1), "10:00-12:00")), ("reasons", "", "", "", "")),
        ["an exception on the last date of the year"] = (
            Usual(Closed(Day(Today.PlusDays(365)))),
            ("reasons", "", "", "", "")
        ),
        ["an exception on the first date after it"] = (Usual(Closed(Day(Today.PlusDays(366)))), Later()),
        ["a leap day"] = (Usual(Closed(Day(2028, 2, 29))), Later()),
        ["every leap day"] = (Usual(Closed(LeapDay)), Later(osm: "")),
        ["every fifth Monday in February"] = (
            Usual(Closed(new DateRule.YearlyWeekday(5, IsoDayOfWeek.Monday, 2))),
            Later(osm: "")
        ),
        ["every leap day over midnight"] = (Usual(Dated(LeapDay, "20:00-02:00")), Later()),
        ["a closed part of every leap day"] = (Usual(ClosedPart(LeapDay, "10:00-12:00")), Later()),
        ["by appointment on every leap day"] = (
            Usual(Dated(LeapDay, "10:00-12:00", AccessMode.ByAppointment)),
            Later(osm: "accessModes")
        ),
        ["every Christmas Day"] = (
            Usual(Closed(new DateRule.Yearly(new AnnualDate(12, 25), new AnnualDate(12, 25)))),
            ("reasons", "", "", "", "")
        ),
        ["a date until 11:59 of the next"] = (
            Usual(Dated(Day(2026, 12, 1), "22:00-11:59")),
            ("reasons", "", "", "", "")
        ),
        ["a date until noon of the next"] = (
            Usual(Dated(Day(2026, 12, 1), "22:00-12:00")),
            ("reasons, periods", "", "", "", "")
        ),
        ["other weekly hours within the year"] = (
            Changing(new(2026, 7, 1)),
            ("changesToCome", "", "", "", "changesToCome")
        ),
        ["other weekly hours after it"] = (
            Changing(new(2028, 7, 1)),
            ("changesToCome", "changesToCome", "changesToCome", "changesToCome", "changesToCome")
        ),
        ["closed for a time now"] = (Closing(null, null), ("reasons", "", "", "", "")),
        ["closed until a date"] = (Closing(null, new(2026, 7, 1)), ("reasons, temporaryClosure", "", "", "", "")),
        ["closed for a time to come"] = (Closing(new(2026, 7, 1), new(2026, 8, 1)), ("reasons", "", "", "", "")),
        ["closed for a time that goes on after the year"] = (
            Closing(new(2026, 7, 1), null),
            ("reasons, temporaryClosure", "", "", "", "")
        ),
        ["closed for a time after the year"] = (
            Closing(new(2028, 7, 1), new(2028, 8, 1)),
            ("temporaryClosure", "", "temporaryClosure", "temporaryClosure", "temporaryClosure")
        ),
        ["closed for a time until the end of all dates"] = (
            Closing(new(1, 1, 1), new(9999, 12, 31)),
            ("reasons, temporaryClosure", "", "", "", "")
        ),
        ["closed for good now"] = (ForGood(Today), ("", "", "", "closedForGood", "")),
        ["closed for good since the first of all dates"] = (ForGood(new(1, 1, 1)), ("", "", "", "closedForGood", "")),
        ["closed for good soon"] = (ForGood(new(2026, 7, 1)), ("closedForGood", "", "", "closedForGood", "")),
        ["closed for good at the end of all dates"] = (
            ForGood(new(9999, 12, 31)),
            ("closedForGood", "closedForGood", "", "closedForGood", "closedForGood")
        ),
        ["an exception on all dates"] = (
            Usual(Closed(new DateRule.Dates(new(1, 1, 1), new(9999, 12, 31)))),
            ("reasons, laterExceptions", "laterExceptions", "laterExceptions", "laterExceptions", "laterExceptions")
        ),
        ["an exception on the last of all dates"] = (Usual(Closed(Day(9999, 12, 31))), Later()),
    };

    public static TheoryData<string> Names { get; } = [.. Kinds.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_format_names_what_it_does_not_express(string kind)
    {
        var (schedule, expected) = Kinds[kind];
        var actual = (
            NotExpressedHeader.Format(GoogleHours.Of(schedule, Today).NotExpressed),
            NotExpressedHeader.Format(OsmHours.Of(schedule, Today).NotExpressed),
            NotExpressedHeader.Format(FhirLocation.Of(FormatTests.Somewhere, schedule, Today).NotExpressed),
            NotExpressedHeader.Format(
                MedicalClinic.Of(FormatTests.Somewhere, schedule, new SiteOptions(), Today).NotExpressed
            ),
            NotExpressedHeader.Format(
                HoursCalendar
                    .Of(
                        [(FormatTests.Somewhere, schedule)],
                        "Somewhere",
                        CultureInfo.InvariantCulture,
                        Today.AtMidnight().InZoneLeniently(schedule.Zone).ToInstant()
                    )
                    .NotExpressed
            )
        );
        Assert.Equal(expected, actual);
    }

    static Kind Later(string osm = "laterExceptions") =>
        ("laterExceptions", osm, "laterExceptions", "laterExceptions", "laterExceptions");

    static DateRule Day(int year, int month, int day) => Day(new LocalDate(year, month, day));

    static DateRule Day(LocalDate date) => new DateRule.Dates(date, date);

    static ScheduleException Closed(DateRule when) =>
        new(when, ExceptionEffect.Closed, "Reason", [], clinicWide: false);

    static ScheduleException ClosedPart(DateRule when, string time) =>
        new(when, ExceptionEffect.ClosedPart, "Reason", [Period(time)], clinicWide: false);

    static ScheduleException Dated(DateRule when, string time, AccessMode access = AccessMode.Open) =>
        new(when, ExceptionEffect.Periods, "Reason", [Period(time, access)], clinicWide: false);

    static Schedule Usual(params ScheduleException[] exceptions) => Make([Week("08:00-17:00")], exceptions);

    static Schedule Unknown(params ScheduleException[] exceptions) => Make([], exceptions);

    static Schedule Weekly(AccessMode access, string? note = null) =>
        Make([Week("08:00-17:00", access: access, note: note)], []);

    static Schedule Changing(LocalDate from) => Make([Week("08:00-17:00"), Week("09:00-16:00", from)], []);

    static Schedule Closing(LocalDate? from, LocalDate? reopens) =>
        Make([Week("08:00-17:00")], [], new TemporaryClosure(from, reopens, "Works"));

    static Schedule ForGood(LocalDate from) => Make([Week("08:00-17:00")], [], null, from);

    static Schedule Make(
        WeeklyHours[] weeks,
        ScheduleException[] exceptions,
        TemporaryClosure? closure = null,
        LocalDate? forGood = null
    ) => new(DateTimeZoneProviders.Tzdb["America/Chicago"], weeks, exceptions, closure, forGood);

    static WeeklyHours Week(
        string time,
        LocalDate? from = null,
        AccessMode access = AccessMode.Open,
        string? note = null
    ) => new(WeeklyHours.Week.Take(5).ToLookup(day => day, _ => Period(time, access, note)), from);

    static Period Period(string time, AccessMode access = AccessMode.Open, string? note = null)
    {
        var clock = TimePatterns.TimeOfDay;
        return new Period(clock.Parse(time[..5]).Value, clock.Parse(time[6..]).Value, access, note);
    }
}
