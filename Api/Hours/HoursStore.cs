using System.Runtime.InteropServices;
using Api.Data;
using Api.Locations;
using Dapper;
using Microsoft.Data.Sqlite;
using NodaTime;
using NodaTime.Text;

namespace Api.Hours;

/// <summary>A location's schedule.</summary>
/// <param name="Location">The location's slug.</param>
/// <param name="Schedule">All that decides when it is open.</param>
/// <param name="VerifiedAt">When somebody last made sure of it; <c>null</c> when that is not known.</param>
sealed record LocationSchedule(string Location, Schedule Schedule, Instant? VerifiedAt);

/// <summary>All SQL on hours.</summary>
sealed class HoursStore(Database db)
{
    // "MM-dd"
    static readonly AnnualDatePattern DayOfYear = AnnualDatePattern.Iso;

    /// <summary>The date from which hours apply that have no beginning.</summary>
    static readonly LocalDate Always = new(1, 1, 1);

    /// <summary>The schedule of one location, or <c>null</c>.</summary>
    public async Task<LocationSchedule?> FindAsync(string slug, CancellationToken ct) =>
        await LoadAsync(slug, ct) is [var location] ? location : null;

    /// <summary>The schedule of every location, by the locations' names.</summary>
    public Task<IReadOnlyList<LocationSchedule>> ListAsync(CancellationToken ct) => LoadAsync(null, ct);

    async Task<IReadOnlyList<LocationSchedule>> LoadAsync(string? slug, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        // One transaction, so that both statements see the same moment. Deferred, or it would ask for the right to write.
#pragma warning disable CA1849 // Nothing to wait for: it begins with the first statement.
        await using var snapshot = connection.BeginTransaction(deferred: true);
#pragma warning restore CA1849
        // Periods come as one text for each row that has them, not as rows: there are dozens to a location, most of them alike.
        var exceptions = await connection.QueryAsync<ExceptionRow>(new CommandDefinition(
            """
            SELECT l.slug, e.starts_on, e.ends_on, e.yearly_from, e.yearly_to, e.month, e.weekday, e.nth, e.effect, e.reason,
                   (SELECT string_agg('0' || p.opens || p.closes || p.access || ' ' || COALESCE(p.note, ''), @Separator ORDER BY p.opens)
                    FROM hours_exception_periods p
                    WHERE p.hours_exception_id = e.id) AS periods
            FROM hours_exceptions e
            LEFT JOIN locations l ON l.id = e.location_id
            WHERE @slug IS NULL OR e.location_id IS NULL OR l.slug = @slug
            ORDER BY e.id
            """,
            new { slug, PeriodsText.Separator }, snapshot, cancellationToken: ct));
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            """
            SELECT l.slug, l.time_zone, l.temporarily_closed, l.closed_from, l.reopens_on, l.closure_reason, l.closed_for_good_on,
                   l.hours_verified_at, w.valid_from,
                   (SELECT string_agg(p.day || p.opens || p.closes || p.access || ' ' || COALESCE(p.note, ''), @Separator)
                    FROM weekly_periods p
                    WHERE p.weekly_hours_id = w.id) AS periods
            FROM locations l
            LEFT JOIN weekly_hours w ON w.location_id = l.id
            WHERE @slug IS NULL OR l.slug = @slug
            ORDER BY l.name, l.slug, w.valid_from
            """,
            new { slug, PeriodsText.Separator }, snapshot, cancellationToken: ct));

        var text = new PeriodsText();
        var weeks = new Dictionary<(string?, LocalDate), WeeklyHours>();
        var scopes = exceptions.ToLookup(row => row.Slug, row => row.ToException(text));
        return
        [
            .. rows.GroupBy(row => row.Slug).Select(location =>
            {
                var first = location.First();
                var closure = first.TemporarilyClosed ? new TemporaryClosure(first.ClosedFrom, first.ReopensOn, first.ClosureReason) : null;
                // Null, the clinic's, is a key of a lookup like any other.
                var schedule = new Schedule(DateTimeZoneProviders.Tzdb[first.TimeZone], location.Select(Week).OfType<WeeklyHours>(),
                    scopes[null].Concat(scopes[location.Key]), closure, first.ClosedForGoodOn);
                return new LocationSchedule(location.Key, schedule, first.HoursVerifiedAt);
            }),
        ];

        // Locations with the same hours share them.
        WeeklyHours? Week(Row row)
        {
            if (row.ValidFrom is not { } from) return null;
            ref var week = ref CollectionsMarshal.GetValueRefOrAddDefault(weeks, (row.Periods, from), out _);
            return week ??= new WeeklyHours(
                text.Read(row.Periods).ToLookup(period => period.Day, period => period.Period), from == Always ? null : from);
        }
    }

    /// <summary>
    /// Writes a location's hours and exceptions in place of those it had; without any version its hours are unknown. Called
    /// inside <see cref="Database.WriteAsync"/>.
    /// </summary>
    /// <exception cref="ArgumentException">There is too much on one day: see <see cref="HoursLimits"/>.</exception>
    public static void Save(
        SqliteConnection connection, string slug, IReadOnlyCollection<WeeklyHours> versions, IReadOnlyCollection<ScheduleException> exceptions, Instant? verifiedAt)
    {
        if (versions.Select(HoursLimits.Check).Append(HoursLimits.Check(exceptions)).FirstOrDefault(error => error is not null) is { } error)
            throw new ArgumentException($"The hours of '{slug}' are too many: {error}");
        var location = connection.QuerySingle<long>(
            "UPDATE locations SET hours_verified_at = @verifiedAt WHERE slug = @slug RETURNING id", new { slug, verifiedAt });
        connection.Execute("DELETE FROM weekly_hours WHERE location_id = @location", new { location });
        foreach (var hours in versions)
        {
            var id = connection.QuerySingle<long>(
                "INSERT INTO weekly_hours (location_id, valid_from) VALUES (@location, @validFrom) RETURNING id",
                new { location, validFrom = hours.ValidFrom ?? Always });
            foreach (var day in WeeklyHours.Week)
            {
                foreach (var period in hours[day])
                {
                    connection.Execute(
                        """
                        INSERT INTO weekly_periods (weekly_hours_id, day, opens, closes, access, note)
                        VALUES (@id, @day, @Opens, @Closes, @access, @Note)
                        """,
                        new { id, day = (int)day, period.Opens, period.Closes, access = ToColumn(period.Access), period.Note });
                }
            }
        }
        connection.Execute("DELETE FROM hours_exceptions WHERE location_id = @location", new { location });
        foreach (var exception in exceptions) Save(connection, location, exception);
    }

    /// <summary>Writes the exceptions of the whole clinic in place of those it had. Called inside <see cref="Database.WriteAsync"/>.</summary>
    /// <exception cref="ArgumentException">There is too much on one day: see <see cref="HoursLimits"/>.</exception>
    public static void SaveClinicWide(SqliteConnection connection, IReadOnlyCollection<ScheduleException> exceptions)
    {
        if (HoursLimits.Check(exceptions) is { } error) throw new ArgumentException($"The exceptions of the clinic are too many: {error}");
        connection.Execute("DELETE FROM hours_exceptions WHERE location_id IS NULL");
        foreach (var exception in exceptions) Save(connection, null, exception);
    }

    static void Save(SqliteConnection connection, long? location, ScheduleException exception)
    {
        var dates = exception.When as DateRule.Dates;
        var yearly = exception.When as DateRule.Yearly;
        var weekday = exception.When as DateRule.YearlyWeekday;
        var id = connection.QuerySingle<long>(
            """
            INSERT INTO hours_exceptions (location_id, starts_on, ends_on, yearly_from, yearly_to, month, weekday, nth, effect, reason)
            VALUES (@location, @startsOn, @endsOn, @yearlyFrom, @yearlyTo, @month, @weekday, @nth, @effect, @Reason)
            RETURNING id
            """,
            new
            {
                location,
                startsOn = dates?.From,
                endsOn = dates?.To,
                yearlyFrom = yearly is null ? null : DayOfYear.Format(yearly.From),
                yearlyTo = yearly is null ? null : DayOfYear.Format(yearly.To),
                month = weekday?.Month,
                weekday = (int?)weekday?.Day,
                nth = weekday?.Nth,
                effect = ToColumn(exception.Effect),
                exception.Reason,
            });
        foreach (var period in exception.Periods)
        {
            connection.Execute(
                """
                INSERT INTO hours_exception_periods (hours_exception_id, opens, closes, access, note)
                VALUES (@id, @Opens, @Closes, @access, @Note)
                """,
                new { id, period.Opens, period.Closes, access = ToColumn(period.Access), period.Note });
        }
    }

    // As JSON has them.
    static string ToColumn<T>(T value) where T : struct, Enum => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName($"{value}");

    sealed record Row
    {
        public required string Slug { get; init; }
        public required string TimeZone { get; init; }
        public required bool TemporarilyClosed { get; init; }
        public required LocalDate? ClosedFrom { get; init; }
        public required LocalDate? ReopensOn { get; init; }
        public required string? ClosureReason { get; init; }
        public required LocalDate? ClosedForGoodOn { get; init; }
        public required Instant? HoursVerifiedAt { get; init; }
        public required LocalDate? ValidFrom { get; init; }
        public required string? Periods { get; init; }
    }

    sealed record ExceptionRow
    {
        public required string? Slug { get; init; }
        public required LocalDate? StartsOn { get; init; }
        public required LocalDate? EndsOn { get; init; }
        public required string? YearlyFrom { get; init; }
        public required string? YearlyTo { get; init; }
        public required int? Month { get; init; }
        public required int? Weekday { get; init; }
        public required int? Nth { get; init; }
        public required string Effect { get; init; }
        public required string Reason { get; init; }
        public required string? Periods { get; init; }

        public ScheduleException ToException(PeriodsText text)
        {
            DateRule when = StartsOn is { } from ? new DateRule.Dates(from, EndsOn!.Value)
                : YearlyFrom is not null ? new DateRule.Yearly(DayOfYear.Parse(YearlyFrom).Value, DayOfYear.Parse(YearlyTo!).Value)
                : new DateRule.YearlyWeekday(Nth!.Value, (IsoDayOfWeek)Weekday!.Value, Month!.Value);
            return new ScheduleException(when, Enum.Parse<ExceptionEffect>(Effect, ignoreCase: true), Reason,
                [.. text.Read(Periods).Select(period => period.Period)], clinicWide: Slug is null);
        }
    }

    /// <summary>Reads periods as a query puts them together: a digit for the day, opens, closes, access, a space, note.</summary>
    sealed class PeriodsText
    {
        /// <summary>Stands between two of them, and in no note.</summary>
        public const string Separator = "\u001e";

        static readonly LocalTimePattern Clock = LocalTimePattern.CreateWithInvariantCulture("HH:mm");

        readonly Dictionary<string, Period> known = [];

        public IEnumerable<(IsoDayOfWeek Day, Period Period)> Read(string? texts)
        {
            foreach (var text in texts?.Split(Separator) ?? [])
            {
                ref var period = ref CollectionsMarshal.GetValueRefOrAddDefault(known, text[1..], out _);
                period ??= Parse(text);
                yield return ((IsoDayOfWeek)(text[0] - '0'), period);
            }
        }

        static Period Parse(string text)
        {
            var space = text.IndexOf(' ', StringComparison.Ordinal);
            return new Period(Clock.Parse(text[1..6]).Value, Clock.Parse(text[6..11]).Value,
                Enum.Parse<AccessMode>(text[11..space], ignoreCase: true), space + 1 < text.Length ? text[(space + 1)..] : null);
        }
    }
}
