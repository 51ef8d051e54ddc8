using System.Globalization;
using Api.Hours;
using Api.Seed;
using NodaTime;
using NodaTime.Text;

namespace Api.Tests.Hours;

[AnyEngine]
public sealed class HoursTextTests
{
    [Theory]
    [InlineData("8-17|8-17|8-17|8-17|8-17||", "Monday to Friday 8:00 am–5:00 pm; Saturday and Sunday closed")]
    [InlineData("||||||", "Every day closed")]
    [InlineData("8-17|8-17|8-17|8-17|8-17|8-17|8-17", "Every day 8:00 am–5:00 pm")]
    [InlineData(
        "8-17||8-17||8-17||",
        "Monday, Wednesday and Friday 8:00 am–5:00 pm; Tuesday, Thursday, Saturday and Sunday closed"
    )]
    [InlineData(
        "8-17|8-17|||8-17|8-17|8-17",
        "Monday, Tuesday and Friday to Sunday 8:00 am–5:00 pm; Wednesday and Thursday closed"
    )]
    [InlineData("0-0|0-0|0-0|0-0|0-0|0-0|0-0", "Every day open 24 hours")]
    [InlineData("8-12,13-17||||||", "Monday 8:00 am–noon and 1:00 pm–5:00 pm; Tuesday to Sunday closed")]
    [InlineData(
        "8-9,10-11,12-13||||||",
        "Monday 8:00 am–9:00 am, 10:00 am–11:00 am and noon–1:00 pm; Tuesday to Sunday closed"
    )]
    [InlineData("22-6||||||", "Monday 10:00 pm–6:00 am; Tuesday to Sunday closed")]
    public void Days_with_the_same_periods_share_a_phrase(string week, string text) =>
        Assert.Equal(text, HoursText.In(English).FormatWeek(Week(week)));

    [Fact]
    public void Unknown_hours_have_a_text() =>
        Assert.Equal("Hours are not known", HoursText.In(English).FormatWeek(null));

    [Fact]
    public void Only_a_period_from_midnight_to_midnight_closes_when_it_opens()
    {
        _ = new Period(LocalTime.Midnight, LocalTime.Midnight);
        Assert.Throws<ArgumentException>(() => new Period(LocalTime.Noon, LocalTime.Noon));
        Assert.Null(SeedFiles.ParsePeriod("12:00-12:00"));
    }

    // Mondays only, 2026-11-30 is one. The sentence, and the reason with the hours of the day.
    [Theory]
    [InlineData(
        "00:00-00:00/telephoneOnly",
        "2026-11-30T09:00",
        "By telephone only until midnight. Opens Monday, December 7, at 8:00 am",
        "Monday, 24 hours by telephone only",
        "Solo por teléfono hasta la medianoche. Abre el lunes 7 de diciembre a las 8:00",
        "Lunes, las 24 horas solo por teléfono"
    )]
    [InlineData(
        "00:00-00:00/byAppointment",
        "2026-11-30T09:00",
        "By appointment until midnight",
        "Monday, 24 hours by appointment",
        "Con cita previa hasta la medianoche",
        "Lunes, las 24 horas con cita previa"
    )]
    [InlineData(
        "00:00-00:00/walkIn",
        "2026-11-30T09:00",
        "Open for walk-ins until midnight",
        "Monday, 24 hours for walk-ins",
        "Abierto sin cita hasta la medianoche",
        "Lunes, las 24 horas sin cita"
    )]
    [InlineData(
        "00:00-00:00",
        "2026-11-30T09:00",
        "Open until midnight",
        "Monday, open 24 hours",
        "Abierto hasta la medianoche",
        "Lunes, abierto las 24 horas"
    )]
    [InlineData(
        "00:00-12:00",
        "2026-11-29T09:00",
        "Closed. Opens Monday at midnight",
        "Sunday, closed",
        "Cerrado. Abre el lunes a la medianoche",
        "Domingo, cerrado"
    )]
    [InlineData(
        "00:00-12:00",
        "2026-11-30T09:00",
        "Open until noon",
        "Monday, midnight–noon",
        "Abierto hasta el mediodía",
        "Lunes, medianoche–mediodía"
    )]
    [InlineData(
        "12:00-00:00",
        "2026-11-30T09:00",
        "Closed. Opens at noon",
        "Monday, noon–midnight",
        "Cerrado. Abre al mediodía",
        "Lunes, mediodía–medianoche"
    )]
    [InlineData(
        "12:00-00:00",
        "2026-11-29T09:00",
        "Closed. Opens Monday at noon",
        "Sunday, closed",
        "Cerrado. Abre el lunes al mediodía",
        "Domingo, cerrado"
    )]
    [InlineData(
        "12:00-00:00",
        "2026-11-30T13:00",
        "Open until midnight",
        "Monday, noon–midnight",
        "Abierto hasta la medianoche",
        "Lunes, mediodía–medianoche"
    )]
    [InlineData(
        "12:30-00:30",
        "2026-11-30T13:00",
        "Open until Tuesday at 12:30 am",
        "Monday, 12:30 pm–12:30 am",
        "Abierto hasta el martes a las 0:30",
        "Lunes, 12:30–0:30"
    )]
    [InlineData(
        "01:00-13:00",
        "2026-11-30T09:00",
        "Open until 1:00 pm",
        "Monday, 1:00 am–1:00 pm",
        "Abierto hasta las 13:00",
        "Lunes, 1:00–13:00"
    )]
    [InlineData(
        "13:00-01:00",
        "2026-11-30T14:00",
        "Open until Tuesday at 1:00 am",
        "Monday, 1:00 pm–1:00 am",
        "Abierto hasta el martes a la 1:00",
        "Lunes, 13:00–1:00"
    )]
    [InlineData(
        "08:00-12:00 12:00-13:00/walkIn",
        "2026-11-30T09:00",
        "Open until noon, then open for walk-ins",
        "Monday, 8:00 am–noon and noon–1:00 pm for walk-ins",
        "Abierto hasta el mediodía; después, abierto sin cita",
        "Lunes, 8:00–mediodía y mediodía–13:00 sin cita"
    )]
    public void Whole_days_noon_and_midnight_have_words(
        string hours,
        string at,
        string text,
        string reason,
        string spanish,
        string spanishReason
    )
    {
        var schedule = Mondays(hours, SecondMonday);
        Assert.Equal(
            (text, reason, spanish, spanishReason),
            (
                Text(schedule, at, English),
                Reason(schedule, at, English),
                Text(schedule, at, Spanish),
                Reason(schedule, at, Spanish)
            )
        );
    }

    [Theory]
    // More than six days off.
    [InlineData(
        "2026-12-07",
        "2026-11-30T18:00",
        "Closed. Opens Monday, December 7, at 8:00 am",
        "Cerrado. Abre el lunes 7 de diciembre a las 8:00"
    )]
    // In another year.
    [InlineData(
        "2027-01-04",
        "2026-12-28T18:00",
        "Closed. Opens Monday, January 4, 2027, at 8:00 am",
        "Cerrado. Abre el lunes 4 de enero de 2027 a las 8:00"
    )]
    [InlineData(
        "2027-01-11",
        "2026-12-31T23:59",
        "Closed. Opens Monday, January 11, 2027, at 8:00 am",
        "Cerrado. Abre el lunes 11 de enero de 2027 a las 8:00"
    )]
    [InlineData(
        "2027-01-11",
        "2027-01-01T00:00",
        "Closed. Opens Monday, January 11, at 8:00 am",
        "Cerrado. Abre el lunes 11 de enero a las 8:00"
    )]
    // Within six days the weekday says it, over New Year too.
    [InlineData(
        "2027-01-04",
        "2026-12-29T18:00",
        "Closed. Opens Monday at 8:00 am",
        "Cerrado. Abre el lunes a las 8:00"
    )]
    public void The_text_has_the_year_of_a_date_in_another_year(string opens, string at, string text, string spanish)
    {
        var date = LocalDatePattern.Iso.Parse(opens).Value;
        var schedule = new Schedule(
            DateTimeZone.Utc,
            [Week("||||||")],
            [
                new ScheduleException(
                    new DateRule.Dates(date, date),
                    ExceptionEffect.Periods,
                    "Again",
                    Periods("08:00-17:00"),
                    clinicWide: false
                ),
            ]
        );
        Assert.Equal((text, spanish), (Text(schedule, at, English), Text(schedule, at, Spanish)));
    }

    [Fact]
    public void The_text_has_the_year_of_an_end_in_another_year()
    {
        var date = new LocalDate(2027, 12, 25);
        var always = new Schedule(
            DateTimeZone.Utc,
            [new WeeklyHours(WeeklyHours.Week.ToLookup(day => day, _ => Periods("00:00-00:00")[0]))],
            [
                new ScheduleException(
                    new DateRule.Dates(date, date),
                    ExceptionEffect.Closed,
                    "Christmas Day",
                    [],
                    clinicWide: false
                ),
            ]
        );
        Assert.Equal(
            (
                "Open until Friday, December 24, 2027, at midnight",
                "Abierto hasta el viernes 24 de diciembre de 2027 a la medianoche"
            ),
            (Text(always, "2026-12-28T12:00", English), Text(always, "2026-12-28T12:00", Spanish))
        );
    }

    [Fact]
    public void A_closed_part_of_the_whole_day_is_closed_24_hours()
    {
        var date = new LocalDate(2026, 11, 30);
        var schedule = new Schedule(
            DateTimeZone.Utc,
            [],
            [
                new ScheduleException(
                    new DateRule.Dates(date, date),
                    ExceptionEffect.ClosedPart,
                    "Flood",
                    Periods("00:00-00:00"),
                    clinicWide: false
                ),
            ]
        );
        Assert.Equal(
            ("Flood, closed 24 hours", "Flood, cerrado las 24 horas"),
            (Reason(schedule, "2026-11-30T12:00", English), Reason(schedule, "2026-11-30T12:00", Spanish))
        );
    }

    static readonly LocalDate SecondMonday = new(2026, 12, 7);

    // The same hours on Mondays, and from the second one on others.
    static Schedule Mondays(string hours, LocalDate otherwiseFrom) =>
        new(
            DateTimeZone.Utc,
            [
                new WeeklyHours(Periods(hours).ToLookup(_ => IsoDayOfWeek.Monday)),
                new WeeklyHours(Periods("08:00-17:00").ToLookup(_ => IsoDayOfWeek.Monday), otherwiseFrom),
            ],
            []
        );

    static Period[] Periods(string hours) =>
        [
            .. hours
                .Split(' ')
                .Select(text => text.Split('/'))
                .Select(parts =>
                {
                    var period = SeedFiles.ParsePeriod(parts[0])!;
                    return new Period(
                        period.Opens,
                        period.Closes,
                        parts.Length == 1 ? AccessMode.Open : Enum.Parse<AccessMode>(parts[1], ignoreCase: true)
                    );
                }),
        ];

    static string Text(Schedule schedule, string at, CultureInfo language) =>
        HoursText.In(language).FormatStatus(schedule.StatusAt(At(at)), schedule.Zone);

    static string Reason(Schedule schedule, string at, CultureInfo language) =>
        HoursText.In(language).FormatReason(schedule.StatusAt(At(at)).Moment, schedule.Closure);

    static Instant At(string local) =>
        LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-ddTHH:mm").Parse(local).Value.InUtc().ToInstant();

    static readonly CultureInfo Spanish = CultureInfo.GetCultureInfo("es");
    static readonly CultureInfo English = CultureInfo.GetCultureInfo("en");

    static WeeklyHours Week(string text) =>
        new(
            text.Split('|')
                .SelectMany(
                    (day, index) =>
                        day.Split(',', StringSplitOptions.RemoveEmptyEntries)
                            .Select(period => (Day: (IsoDayOfWeek)(index + 1), Text: period))
                )
                .ToLookup(
                    pair => pair.Day,
                    pair => new Period(Hour(pair.Text.Split('-')[0]), Hour(pair.Text.Split('-')[1]))
                )
        );

    static LocalTime Hour(string text) => new(int.Parse(text, null), 0);
}
