using Api.Data;
using Dapper;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Api.Hours;

/// <summary>A location's weekly hours as they are in force on a date; <c>null</c> when they were never entered.</summary>
sealed record HoursOfLocation(string Location, string TimeZone, WeeklyHours? Hours);

/// <summary>All SQL on hours.</summary>
sealed class HoursStore(Database db)
{
    /// <summary>The date from which hours apply that have no beginning.</summary>
    static readonly LocalDate Always = new(1, 1, 1);

    /// <summary>The hours of every location, by the locations' names, or of one.</summary>
    /// <param name="slug">One location, or <c>null</c> for all.</param>
    /// <param name="now">Of several versions the one in force is taken, each location going by its own calendar.</param>
    /// <param name="ct">Stops reading.</param>
    public async Task<IReadOnlyList<HoursOfLocation>> ListAsync(string? slug, Instant now, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            """
            SELECT l.slug, l.time_zone, w.valid_from, p.day, p.opens, p.closes
            FROM locations l
            LEFT JOIN weekly_hours w ON w.location_id = l.id
            LEFT JOIN weekly_periods p ON p.weekly_hours_id = w.id
            WHERE @slug IS NULL OR l.slug = @slug
            ORDER BY l.name, l.slug, w.valid_from, p.day, p.opens
            """,
            new { slug }, cancellationToken: ct));
        return
        [
            .. rows.GroupBy(row => (row.Slug, row.TimeZone)).Select(location =>
            {
                var today = now.InZone(DateTimeZoneProviders.Tzdb[location.Key.TimeZone]).Date;
                var current = location.Where(row => row.ValidFrom <= today).GroupBy(row => row.ValidFrom).LastOrDefault();
                var hours = current is null ? null : new WeeklyHours(current.Where(row => row.Day is not null)
                    .ToLookup(row => (IsoDayOfWeek)row.Day!, row => new Period(row.Opens!.Value, row.Closes!.Value)));
                return new HoursOfLocation(location.Key.Slug, location.Key.TimeZone, hours);
            }),
        ];
    }

    /// <summary>
    /// Writes a location's hours in place of those it had, or <c>null</c> to make them unknown. Called inside
    /// <see cref="Database.WriteAsync"/>.
    /// </summary>
    public static void Save(SqliteConnection connection, string slug, WeeklyHours? hours)
    {
        connection.Execute(
            "DELETE FROM weekly_hours WHERE location_id = (SELECT id FROM locations WHERE slug = @slug)", new { slug });
        if (hours is null) return;
        var id = connection.QuerySingle<long>(
            """
            INSERT INTO weekly_hours (location_id, valid_from)
            SELECT id, @Always FROM locations WHERE slug = @slug
            RETURNING id
            """,
            new { slug, Always });
        foreach (var day in WeeklyHours.Week)
        {
            foreach (var period in hours[day])
            {
                connection.Execute(
                    "INSERT INTO weekly_periods (weekly_hours_id, day, opens, closes) VALUES (@id, @day, @Opens, @Closes)",
                    new { id, day = (int)day, period.Opens, period.Closes });
            }
        }
    }

    sealed record Row
    {
        public required string Slug { get; init; }
        public required string TimeZone { get; init; }
        public required LocalDate? ValidFrom { get; init; }
        public required int? Day { get; init; }
        public required LocalTime? Opens { get; init; }
        public required LocalTime? Closes { get; init; }
    }
}
