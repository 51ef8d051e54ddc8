#:sdk Microsoft.NET.Sdk
#:project API_PROJECT
#:property ManagePackageVersionsCentrally=false
#:property PublishAot=false
#:property AssemblyName=Api.Tests
#:property InvariantGlobalization=false

// Times the hours engine alone, without SQL and HTTP, and counts what it allocates: the same schedule asked again and again.
// `run` puts the project's path in; by the assembly's name it sees the engine's internals.
//
// Prints rows for table.py.

using System.Diagnostics;
using Api.Hours;
using NodaTime;
using Period = Api.Hours.Period;

const int Rounds = 15;

var zone = DateTimeZoneProviders.Tzdb["America/Chicago"];
var today = new LocalDate(2026, 11, 24);

// Fifty exceptions of every kind, most of them within the year that is looked ahead.
var morning = new Period(new LocalTime(8, 0), new LocalTime(12, 0));
var afternoon = new Period(new LocalTime(13, 0), new LocalTime(17, 0));
IEnumerable<ScheduleException> exceptions = Enumerable
    .Range(0, 50)
    .Select(i => new ScheduleException(
        (i % 5) switch
        {
            0 => new DateRule.Yearly(new AnnualDate(1 + i % 12, 1 + i % 28), new AnnualDate(1 + i % 12, 1 + i % 28)),
            1 => new DateRule.YearlyWeekday(1 + i % 4, (IsoDayOfWeek)(1 + i % 7), 1 + i % 12),
            2 => new DateRule.Dates(today.PlusDays(7 * i), today.PlusDays(7 * i + 2)),
            _ => new DateRule.Dates(today.PlusDays(6 * i), today.PlusDays(6 * i)),
        },
        (i % 4) switch
        {
            0 or 1 => ExceptionEffect.Closed,
            2 => ExceptionEffect.Periods,
            _ => ExceptionEffect.ClosedPart,
        },
        $"Reason {i}",
        (i % 4) switch
        {
            0 or 1 => [],
            2 => [morning],
            _ => [new Period(new LocalTime(10, 0), new LocalTime(11, 0))],
        },
        clinicWide: i % 2 == 0
    ));
var weekdays = WeeklyHours
    .Week.Take(5)
    .SelectMany(day => new[] { (day, period: morning), (day, period: afternoon) })
    .ToLookup(pair => pair.day, pair => pair.period);
var schedule = new Schedule(zone, [new WeeklyHours(weekdays)], exceptions.ToArray());

// All hours of a week, so that every kind of answer is among them.
var instants = Enumerable
    .Range(0, 7 * 24)
    .Select(hour => today.AtStartOfDayInZone(zone).ToInstant() + Duration.FromHours(hour))
    .ToArray();
Measure(
    "status, 50 exceptions",
    200,
    instants.Length,
    () =>
    {
        foreach (var instant in instants)
            Keep(schedule.StatusAt(instant));
    }
);
Measure(
    "calendar of 366 days, 50 exceptions",
    20,
    1,
    () => Keep(CalendarDay.List(schedule, today, today.PlusDays(365)))
);

// Prints the microseconds and the bytes that one answer takes, a row for each round but the first two, which warm up.
static void Measure(string row, int turns, int answers, Action action)
{
    for (var round = -2; round < Rounds; round++)
    {
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        for (var turn = 0; turn < turns; turn++)
            action();
        var time = Stopwatch.GetElapsedTime(start);
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        var times = (double)turns * answers;
        if (round >= 0)
            Console.WriteLine(
                FormattableString.Invariant($"{row}\tapi\t{time.TotalMicroseconds / times:F3}\t{bytes / times:F0}")
            );
    }
}

// So that no answer is left out because nobody looks at it.
[System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
static void Keep<T>(T value) => _ = value;
