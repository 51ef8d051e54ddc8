using System.Data.Common;
using Api.Data;
using Api.Http;
using Dapper;
using NodaTime;
using NodaTime.Text;

namespace Api.Hours;

/// <summary>All SQL on hours. Schedules are kept in memory until content changes.</summary>
sealed class HoursStore(Database db, ContentVersion version)
{
    /// <summary>The column value of weekly hours that have always been valid.</summary>
    static readonly LocalDate Always = new(1, 1, 1);

    readonly ContentCache<OrderedDictionary<string, LocationSchedule>> schedules = new(db, version, ReadAsync);

    /// <summary>The schedule of one location, or <c>null</c>.</summary>
    public async ValueTask<LocationSchedule?> FindAsync(string slug, CancellationToken ct) =>
        (await schedules.GetAsync(ct)).GetValueOrDefault(slug);

    /// <summary>The schedule of every location, sorted by the locations' names.</summary>
    public async ValueTask<IReadOnlyList<LocationSchedule>> ListAsync(CancellationToken ct) =>
        (await schedules.GetAsync(ct)).Values;

    /// <summary>Reads the schedules by slug, sorted by the locations' names.</summary>
    /// <param name="connection">A connection on which all queries see the same state of the database.</param>
    public static async Task<OrderedDictionary<string, LocationSchedule>> ReadAsync(DbConnection connection)
    {
        var locations = await connection.QueryAsync<LocationRow>(
            """
            SELECT id, slug, time_zone, temporarily_closed, closed_from, reopens_on, closure_reason,
                   closed_for_good_on, hours_verified_at
            FROM locations
            ORDER BY name, slug
            """
        );
        var weeks = await connection.QueryAsync<WeekRow>(
            "SELECT id, location_id, valid_from FROM weekly_hours ORDER BY id"
        );
        var weeklyPeriods = await connection.QueryAsync<PeriodRow>(
            """
            SELECT weekly_hours_id AS owner, day, opens, closes, access, note
            FROM weekly_periods
            ORDER BY opens, closes, access
            """
        );
        var exceptions = await connection.QueryAsync<ExceptionRow>(
            """
            SELECT id, location_id, starts_on, ends_on, yearly_from, yearly_to, month, weekday, nth, effect, reason
            FROM hours_exceptions
            ORDER BY id
            """
        );
        var exceptionPeriods = await connection.QueryAsync<PeriodRow>(
            """
            SELECT hours_exception_id AS owner, 0 AS day, opens, closes, access, note
            FROM hours_exception_periods
            ORDER BY opens, closes, access
            """
        );

        var periodsOfWeek = weeklyPeriods.ToLookup(row => row.Owner);
        var weeksOfLocation = weeks.ToLookup(row => row.LocationId, row => row.ToHours(periodsOfWeek[row.Id]));
        var periodsOfException = exceptionPeriods.ToLookup(row => row.Owner, row => row.ToPeriod());
        var exceptionsOfLocation = exceptions.ToLookup(
            row => row.LocationId,
            row => row.ToException(periodsOfException[row.Id])
        );
        var clinicWide = exceptionsOfLocation[null];
        var schedules = new OrderedDictionary<string, LocationSchedule>(StringComparer.Ordinal);
        foreach (var row in locations)
        {
            var exceptionsThere = clinicWide.Concat(exceptionsOfLocation[row.Id]);
            schedules.Add(row.Slug, row.ToSchedule(weeksOfLocation[row.Id], exceptionsThere));
        }
        return schedules;
    }

    /// <summary>
    /// Replaces the hours and exceptions of a location. Without any version its hours are unknown. Called inside
    /// <see cref="Database.WriteAsync"/>.
    /// </summary>
    /// <exception cref="ArgumentException">There is too much on one day: see <see cref="HoursLimits"/>.</exception>
    public static async Task SaveAsync(
        DbConnection connection,
        string slug,
        IReadOnlyCollection<WeeklyHours> versions,
        IReadOnlyCollection<ScheduleException> exceptions,
        Instant? verifiedAt
    )
    {
        var errors = versions.Select(HoursLimits.Check).Append(HoursLimits.Check(exceptions));
        if (errors.FirstOrDefault(error => error is not null) is { } error)
            throw new ArgumentException($"The hours of '{slug}' are too many: {error}");
        var location = await connection.QuerySingleAsync<long>(
            "UPDATE locations SET hours_verified_at = @verifiedAt WHERE slug = @slug RETURNING id",
            new { slug, verifiedAt }
        );
        await connection.ExecuteAsync("DELETE FROM weekly_hours WHERE location_id = @location", new { location });
        foreach (var hours in versions)
            await SaveAsync(connection, location, hours);
        await connection.ExecuteAsync("DELETE FROM hours_exceptions WHERE location_id = @location", new { location });
        foreach (var exception in exceptions)
            await SaveAsync(connection, location, exception);
    }

    /// <summary>Replaces the exceptions of the whole clinic. Called inside <see cref="Database.WriteAsync"/>.</summary>
    /// <exception cref="ArgumentException">There is too much on one day: see <see cref="HoursLimits"/>.</exception>
    public static async Task SaveClinicWideAsync(
        DbConnection connection,
        IReadOnlyCollection<ScheduleException> exceptions
    )
    {
        if (HoursLimits.Check(exceptions) is { } error)
            throw new ArgumentException($"The exceptions of the clinic are too many: {error}");
        await connection.ExecuteAsync("DELETE FROM hours_exceptions WHERE location_id IS NULL");
        foreach (var exception in exceptions)
            await SaveAsync(connection, null, exception);
    }

    static async Task SaveAsync(DbConnection connection, long location, WeeklyHours hours)
    {
        var id = await connection.QuerySingleAsync<long>(
            "INSERT INTO weekly_hours (location_id, valid_from) VALUES (@location, @validFrom) RETURNING id",
            new { location, validFrom = hours.ValidFrom ?? Always }
        );
        foreach (var day in WeeklyHours.Week)
        {
            foreach (var period in hours[day])
            {
                await connection.ExecuteAsync(
                    """
                    INSERT INTO weekly_periods (weekly_hours_id, day, opens, closes, access, note)
                    VALUES (@id, @day, @Opens, @Closes, @access, @Note)
                    """,
                    new
                    {
                        id,
                        day = (int)day,
                        period.Opens,
                        period.Closes,
                        access = Json.NameOf(period.Access),
                        period.Note,
                    }
                );
            }
        }
    }

    static async Task SaveAsync(DbConnection connection, long? location, ScheduleException exception)
    {
        var dates = exception.When as DateRule.Dates;
        var yearly = exception.When as DateRule.Yearly;
        var weekday = exception.When as DateRule.YearlyWeekday;
        var id = await connection.QuerySingleAsync<long>(
            """
            INSERT INTO hours_exceptions
                (location_id, starts_on, ends_on, yearly_from, yearly_to, month, weekday, nth, effect, reason)
            VALUES
                (@location, @startsOn, @endsOn, @yearlyFrom, @yearlyTo, @month, @weekday, @nth, @effect, @Reason)
            RETURNING id
            """,
            new
            {
                location,
                startsOn = dates?.From,
                endsOn = dates?.To,
                yearlyFrom = yearly is null ? null : AnnualDatePattern.Iso.Format(yearly.From),
                yearlyTo = yearly is null ? null : AnnualDatePattern.Iso.Format(yearly.To),
                month = weekday?.Month,
                weekday = (int?)weekday?.Day,
                nth = weekday?.Nth,
                effect = Json.NameOf(exception.Effect),
                exception.Reason,
            }
        );
        foreach (var period in exception.Periods)
        {
            await connection.ExecuteAsync(
                """
                INSERT INTO hours_exception_periods (hours_exception_id, opens, closes, access, note)
                VALUES (@id, @Opens, @Closes, @access, @Note)
                """,
                new
                {
                    id,
                    period.Opens,
                    period.Closes,
                    access = Json.NameOf(period.Access),
                    period.Note,
                }
            );
        }
    }

    sealed record LocationRow
    {
        public required long Id { get; init; }
        public required string Slug { get; init; }
        public required string TimeZone { get; init; }
        public required bool TemporarilyClosed { get; init; }
        public required LocalDate? ClosedFrom { get; init; }
        public required LocalDate? ReopensOn { get; init; }
        public required string? ClosureReason { get; init; }
        public required LocalDate? ClosedForGoodOn { get; init; }
        public required Instant? HoursVerifiedAt { get; init; }

        public LocationSchedule ToSchedule(IEnumerable<WeeklyHours> versions, IEnumerable<ScheduleException> exceptions)
        {
            var closure = TemporarilyClosed ? new TemporaryClosure(ClosedFrom, ReopensOn, ClosureReason) : null;
            var zone = DateTimeZoneProviders.Tzdb[TimeZone];
            return new LocationSchedule(
                Slug,
                new Schedule(zone, versions, exceptions, closure, ClosedForGoodOn),
                HoursVerifiedAt
            );
        }
    }

    sealed record WeekRow
    {
        public required long Id { get; init; }
        public required long LocationId { get; init; }
        public required LocalDate ValidFrom { get; init; }

        public WeeklyHours ToHours(IEnumerable<PeriodRow> periods) =>
            new(
                periods.ToLookup(row => (IsoDayOfWeek)row.Day, row => row.ToPeriod()),
                ValidFrom == Always ? null : ValidFrom
            );
    }

    sealed record PeriodRow
    {
        /// <summary>The weekly hours or the exception that has the period.</summary>
        public required long Owner { get; init; }

        public required int Day { get; init; }
        public required LocalTime Opens { get; init; }
        public required LocalTime Closes { get; init; }
        public required AccessMode Access { get; init; }
        public required string? Note { get; init; }

        public Period ToPeriod() => new(Opens, Closes, Access, Note);
    }

    sealed record ExceptionRow
    {
        public required long Id { get; init; }
        public required long? LocationId { get; init; }
        public required LocalDate? StartsOn { get; init; }
        public required LocalDate? EndsOn { get; init; }
        public required string? YearlyFrom { get; init; }
        public required string? YearlyTo { get; init; }
        public required int? Month { get; init; }
        public required int? Weekday { get; init; }
        public required int? Nth { get; init; }
        public required ExceptionEffect Effect { get; init; }
        public required string Reason { get; init; }

        public ScheduleException ToException(IEnumerable<Period> periods) =>
            new(ToDateRule(), Effect, Reason, [.. periods], clinicWide: LocationId is null);

        DateRule ToDateRule()
        {
            if (StartsOn is { } from)
                return new DateRule.Dates(from, EndsOn!.Value);
            if (YearlyFrom is not null)
                return new DateRule.Yearly(ToAnnualDate(YearlyFrom), ToAnnualDate(YearlyTo!));
            return new DateRule.YearlyWeekday(Nth!.Value, (IsoDayOfWeek)Weekday!.Value, Month!.Value);
        }

        static AnnualDate ToAnnualDate(string text) => AnnualDatePattern.Iso.Parse(text).Value;
    }
}
