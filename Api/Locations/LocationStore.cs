using System.Data.Common;
using Api.Data;
using Api.Hours;
using Dapper;
using NodaTime;

namespace Api.Locations;

/// <summary>A location with its schedule, both of the same version of the content.</summary>
/// <param name="Id">The location's row.</param>
/// <param name="Location">The location.</param>
/// <param name="Hours">Its schedule.</param>
sealed record ScheduledLocation(long Id, Location Location, LocationSchedule Hours)
{
    /// <summary>The location's slug.</summary>
    public string Slug => Location.Slug;
}

/// <summary>All SQL on locations. They are kept in memory until content changes.</summary>
sealed class LocationStore(Database db, ContentVersion version)
{
    const string Columns = """
        slug, name, street_address, locality, region, postal_code, country, telephone, email,
        latitude, longitude, time_zone, access, accepting_new_patients, telehealth, languages,
        accessibility_notes, temporarily_closed, closure_reason, closed_from, reopens_on, closed_for_good_on
        """;

    readonly ContentCache<OrderedDictionary<string, ScheduledLocation>> locations = new(db, version, ReadAsync);

    /// <summary>Every location by slug, sorted by name.</summary>
    public async ValueTask<IReadOnlyDictionary<string, ScheduledLocation>> ListAsync(CancellationToken ct) =>
        await locations.GetAsync(ct);

    /// <summary>One location, or <c>null</c>.</summary>
    public async ValueTask<ScheduledLocation?> FindAsync(string slug, CancellationToken ct) =>
        (await locations.GetAsync(ct)).GetValueOrDefault(slug);

    static async Task<OrderedDictionary<string, ScheduledLocation>> ReadAsync(DbConnection connection)
    {
        var rows = await connection.QueryAsync<Row>($"SELECT id, {Columns} FROM locations ORDER BY name, slug");
        var schedules = await HoursStore.ReadAsync(connection);
        var locations = new OrderedDictionary<string, ScheduledLocation>(StringComparer.Ordinal);
        foreach (var row in rows)
            locations.Add(row.Slug, new ScheduledLocation(row.Id, row.ToLocation(), schedules[row.Slug]));
        return locations;
    }

    /// <summary>Adds or replaces a location. Called inside <see cref="Database.WriteAsync"/>.</summary>
    public static Task SaveAsync(DbConnection connection, Location location) =>
        connection.ExecuteAsync(
            $"""
            INSERT INTO locations ({Columns})
            VALUES (@Slug, @Name, @StreetAddress, @Locality, @Region, @PostalCode, @Country, @Telephone, @Email,
                    @Latitude, @Longitude, @TimeZone, @Access, @AcceptingNewPatients, @Telehealth, @Languages,
                    @AccessibilityNotes, @TemporarilyClosed, @ClosureReason, @ClosedFrom, @ReopensOn, @ClosedForGoodOn)
            ON CONFLICT (slug) DO UPDATE SET
                name = excluded.name, street_address = excluded.street_address, locality = excluded.locality,
                region = excluded.region, postal_code = excluded.postal_code, country = excluded.country,
                telephone = excluded.telephone, email = excluded.email, latitude = excluded.latitude,
                longitude = excluded.longitude, time_zone = excluded.time_zone, access = excluded.access,
                accepting_new_patients = excluded.accepting_new_patients, telehealth = excluded.telehealth,
                languages = excluded.languages, accessibility_notes = excluded.accessibility_notes,
                temporarily_closed = excluded.temporarily_closed, closure_reason = excluded.closure_reason,
                closed_from = excluded.closed_from, reopens_on = excluded.reopens_on,
                closed_for_good_on = excluded.closed_for_good_on
            """,
            Row.From(location)
        );

    sealed record Row
    {
        public long Id { get; init; }
        public required string Slug { get; init; }
        public required string Name { get; init; }
        public required string? StreetAddress { get; init; }
        public required string? Locality { get; init; }
        public required string? Region { get; init; }
        public required string? PostalCode { get; init; }
        public required string? Country { get; init; }
        public required string? Telephone { get; init; }
        public required string? Email { get; init; }
        public required double? Latitude { get; init; }
        public required double? Longitude { get; init; }
        public required string TimeZone { get; init; }
        public required IReadOnlyList<string>? Access { get; init; }
        public required bool? AcceptingNewPatients { get; init; }
        public required bool? Telehealth { get; init; }
        public required IReadOnlyList<string>? Languages { get; init; }
        public required string? AccessibilityNotes { get; init; }
        public required bool TemporarilyClosed { get; init; }
        public required string? ClosureReason { get; init; }
        public required LocalDate? ClosedFrom { get; init; }
        public required LocalDate? ReopensOn { get; init; }
        public required LocalDate? ClosedForGoodOn { get; init; }

        public static Row From(Location location) =>
            new()
            {
                Slug = location.Slug,
                Name = location.Name,
                StreetAddress = location.Address.StreetAddress,
                Locality = location.Address.Locality,
                Region = location.Address.Region,
                PostalCode = location.Address.PostalCode,
                Country = location.Address.Country,
                Telephone = location.Telephone,
                Email = location.Email,
                Latitude = location.Coordinates?.Latitude,
                Longitude = location.Coordinates?.Longitude,
                TimeZone = location.TimeZone,
                Access = location.Access?.Select(access => access.ToString()).ToArray(),
                AcceptingNewPatients = location.AcceptingNewPatients,
                Telehealth = location.Telehealth,
                Languages = location.Languages,
                AccessibilityNotes = location.AccessibilityNotes,
                TemporarilyClosed = location.TemporaryClosure is not null,
                ClosureReason = location.TemporaryClosure?.Reason,
                ClosedFrom = location.TemporaryClosure?.ClosedFrom,
                ReopensOn = location.TemporaryClosure?.ReopensOn,
                ClosedForGoodOn = location.ClosedForGoodOn,
            };

        public Location ToLocation() =>
            new()
            {
                Slug = Slug,
                Name = Name,
                Address = new Address
                {
                    StreetAddress = StreetAddress,
                    Locality = Locality,
                    Region = Region,
                    PostalCode = PostalCode,
                    Country = Country,
                },
                Telephone = Telephone,
                Email = Email,
                Coordinates =
                    Latitude is { } latitude && Longitude is { } longitude
                        ? new Coordinates(latitude, longitude)
                        : null,
                TimeZone = TimeZone,
                Access = Access?.Select(access => Enum.Parse<AccessMode>(access, ignoreCase: true)).ToArray(),
                AcceptingNewPatients = AcceptingNewPatients,
                Telehealth = Telehealth,
                Languages = Languages,
                AccessibilityNotes = AccessibilityNotes,
                TemporaryClosure = TemporarilyClosed
                    ? new TemporaryClosure(ClosedFrom, ReopensOn, ClosureReason)
                    : null,
                ClosedForGoodOn = ClosedForGoodOn,
            };
    }
}
