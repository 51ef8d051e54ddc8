using System.Data.Common;
using System.Text.Json;
using Api.Data;
using Api.Http;
using Dapper;
using NodaTime;
using NodaTime.Text;

namespace Api.Hours;

/// <summary>All SQL on hours.</summary>
sealed class HoursStore(Database db)
{
    /// <summary>The column value of weekly hours that have always been valid.</summary>
    static readonly LocalDate Always = new(1, 1, 1);

    /// <summary>The schedule of one location, or <c>null</c>.</summary>
    public async Task<LocationSchedule?> FindAsync(string slug, CancellationToken ct) =>
        await LoadAsync(slug, ct) is [var location] ? location : null;

    /// <summary>The schedule of every location, sorted by the locations' names.</summary>
    public Task<IReadOnlyList<LocationSchedule>> ListAsync(CancellationToken ct) => LoadAsync(null, ct);

    // One state of the database for all queries, or hours could be replaced between two of them.
    Task<IReadOnlyList<LocationSchedule>> LoadAsync(string? slug, CancellationToken ct) =>
        db.ReadSnapshotAsync<IReadOnlyList<LocationSchedule>>(
            async connection =>
            {
                var where = slug is null ? "" : "WHERE l.slug = @slug";
                var whereOrClinicWide = slug is null ? "" : "WHERE l.slug = @slug OR e.location_id IS NULL";
                Task<IEnumerable<T>> QueryAsync<T>(string sql) =>
                    connection.QueryAsync<T>(new CommandDefinition(sql, new { slug }, cancellationToken: ct));

                var locations = await QueryAsync<LocationRow>(
                    $"""
                    SELECT l.id, l.slug, l.time_zone, l.temporarily_closed, l.closed_from, l.reopens_on,
                           l.closure_reason, l.closed_for_good_on, l.hours_verified_at
                    FROM locations l
                    {where}
                    ORDER BY l.name, l.slug
                    """
                );
                // Most locations of a clinic have the same hours, so each different week comes once, with its
                // locations.
                var weeks = await QueryAsync<WeekRow>(
                    $"""
                    SELECT same.valid_from, same.periods, {SqliteHours.Locations} AS locations
                    FROM (SELECT w.location_id, w.valid_from, {SqliteHours.WeeklyPeriods} AS periods
                          FROM weekly_hours w
                          JOIN locations l ON l.id = w.location_id
                          {where}) same
                    GROUP BY same.valid_from, same.periods
                    """
                );
                var exceptions = await QueryAsync<ExceptionRow>(
                    $"""
                    SELECT e.location_id, e.starts_on, e.ends_on, e.yearly_from, e.yearly_to, e.month, e.weekday, e.nth,
                           e.effect, e.reason, {SqliteHours.ExceptionPeriods} AS periods
                    FROM hours_exceptions e
                    LEFT JOIN locations l ON l.id = e.location_id
                    {whereOrClinicWide}
                    ORDER BY e.id
                    """
                );

                var hoursOfLocation = weeks
                    .SelectMany(row => row.ListHours())
                    .ToLookup(pair => pair.Location, pair => pair.Hours);
                var exceptionsOfLocation = exceptions.ToLookup(row => row.LocationId, row => row.ToException());
                var clinicWide = exceptionsOfLocation[null];
                return
                [
                    .. locations.Select(row =>
                        row.ToSchedule(hoursOfLocation[row.Id], clinicWide.Concat(exceptionsOfLocation[row.Id]))
                    ),
                ];
            },
            ct
        );

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
        public required LocalDate ValidFrom { get; init; }
        public required string Periods { get; init; }
        public required string Locations { get; init; }

        public IEnumerable<(long Location, WeeklyHours Hours)> ListHours()
        {
            var periods = StoredPeriod.List(Periods).ToLookup(period => period.Day, period => period.ToPeriod());
            var hours = new WeeklyHours(periods, ValidFrom == Always ? null : ValidFrom);
            return JsonSerializer.Deserialize<long[]>(Locations)!.Select(location => (location, hours));
        }
    }

    sealed record ExceptionRow
    {
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
        public required string Periods { get; init; }

        public ScheduleException ToException()
        {
            var periods = StoredPeriod.List(Periods).Select(period => period.ToPeriod());
            return new ScheduleException(ToDateRule(), Effect, Reason, [.. periods], clinicWide: LocationId is null);
        }

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

/// <summary>A period as SQL returns it in JSON.</summary>
sealed record StoredPeriod(IsoDayOfWeek Day, string Opens, string Closes, string Access, string? Note)
{
    // Most exceptions have no periods, and there are thousands of exceptions.
    public static IEnumerable<StoredPeriod> List(string json) =>
        json == "[]" ? [] : JsonSerializer.Deserialize<StoredPeriod[]>(json, JsonSerializerOptions.Web)!;

    public Period ToPeriod() =>
        new(
            TimePatterns.TimeOfDay.Parse(Opens).Value,
            TimePatterns.TimeOfDay.Parse(Closes).Value,
            Enum.Parse<AccessMode>(Access, ignoreCase: true),
            Note
        );
}
