namespace Api.Tests.Locations;

public sealed class LocationTests : IAsyncLifetime
{
    const string Seed =
        """
        clinic:
          timeZone: America/Chicago
        locations:
          - slug: whole
            name: B whole
            address: { streetAddress: 1 Example Street, locality: Exampleville, region: AR, postalCode: "00000", country: US }
            telephone: "+15555550100"
            email: front-desk@example.com
            coordinates: { latitude: 35.0, longitude: -90.0 }
            timeZone: America/New_York
            access: [byAppointment, walkIn]
            acceptingNewPatients: true
            telehealth: false
            languages: [en, es]
            accessibilityNotes: Step-free.
            temporaryClosure: { reopensOn: 2026-08-03, reason: Renovation }
          - { slug: bare, name: A bare }
          - { slug: far, name: C far, coordinates: { latitude: -35.0, longitude: 90.0 } }
          - { slug: near, name: D near, coordinates: { latitude: 35.1, longitude: -90.0 }, temporaryClosure: {} }
        """;

    readonly TempFolder seed = new();
    ApiFactory api = null!;

    public async ValueTask InitializeAsync()
    {
        File.WriteAllText(seed.File("clinic.yaml"), Seed);
        api = await ApiFactory.StartAsync(factory => factory.Settings.Add($"--Seed:Folder={seed.Path}"));
    }

    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        seed.Dispose();
    }

    async Task<string[]> SlugsAsync(string query) =>
        [.. (await api.GetAsync("/v1/locations" + query))["items"]!.AsArray().Select(item => (string)item!["slug"]!)];

    [Fact]
    public async Task All_that_is_known_is_told() => JsonAssert.Equal("""
        {
          "slug": "whole", "name": "B whole",
          "address": { "streetAddress": "1 Example Street", "locality": "Exampleville", "region": "AR", "postalCode": "00000", "country": "US" },
          "telephone": "+15555550100", "email": "front-desk@example.com", "coordinates": { "latitude": 35, "longitude": -90 },
          "timeZone": "America/New_York", "access": ["byAppointment", "walkIn"], "acceptingNewPatients": true, "telehealth": false,
          "languages": ["en", "es"], "accessibilityNotes": "Step-free.",
          "temporaryClosure": { "reopensOn": "2026-08-03", "reason": "Renovation" }, "distanceMeters": null
        }
        """, await api.GetAsync("/v1/locations/whole"));

    [Fact]
    public async Task What_is_unknown_is_null() => JsonAssert.Equal("""
        {
          "slug": "bare", "name": "A bare",
          "address": { "streetAddress": null, "locality": null, "region": null, "postalCode": null, "country": null },
          "telephone": null, "email": null, "coordinates": null, "timeZone": "America/Chicago", "access": null,
          "acceptingNewPatients": null, "telehealth": null, "languages": null, "accessibilityNotes": null,
          "temporaryClosure": null, "distanceMeters": null
        }
        """, await api.GetAsync("/v1/locations/bare"));

    [Fact]
    public async Task A_closure_without_a_date_is_a_closure() =>
        JsonAssert.Equal("""{ "reopensOn": null, "reason": null }""", (await api.GetAsync("/v1/locations/near"))["temporaryClosure"]);

    [Fact]
    public async Task The_list_is_by_name() => Assert.Equal(["bare", "whole", "far", "near"], await SlugsAsync(""));

    [Fact]
    public async Task Near_sorts_by_distance_and_those_without_coordinates_come_last()
    {
        Assert.Equal(["near", "whole", "far", "bare"], await SlugsAsync("?near=35.2,-90"));
        var distances = (await api.GetAsync("/v1/locations?near=35.2,-90"))["items"]!.AsArray().Select(item => (int?)item!["distanceMeters"]).ToArray();
        // A tenth of a degree of latitude is 11.12 km on the mean sphere; the opposite point is nearly half of the way round.
        Assert.InRange(distances[0]!.Value, 11_115, 11_125);
        Assert.InRange(distances[1]!.Value, 22_235, 22_245);
        Assert.InRange(distances[2]!.Value, 19_900_000, 20_015_100);
        Assert.Null(distances[3]);
    }

    [Theory]
    [InlineData("?limit=3"), InlineData("?limit=1"), InlineData("?limit=1&near=35.2,-90")]
    public async Task Pages_run_through_all(string query)
    {
        var all = await SlugsAsync(query.Contains("near", StringComparison.Ordinal) ? "?near=35.2,-90" : "");
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await api.GetAsync($"/v1/locations{query}" + (cursor is null ? "" : $"&cursor={cursor}"));
            seen.AddRange(page["items"]!.AsArray().Select(item => (string)item!["slug"]!));
            cursor = (string?)page["nextCursor"];
        }
        while (cursor is not null);
        Assert.Equal(all, seen);
    }

    [Theory]
    [InlineData("91,0"), InlineData("0,181"), InlineData("1"), InlineData("1,2,3"), InlineData("a,b"), InlineData("NaN,0"), InlineData("1e1,0"), InlineData("")]
    [InlineData("Infinity,0"), InlineData(",")]
    public async Task A_point_off_the_globe_is_refused(string near)
    {
        using var response = await api.Client.GetAsync($"/v1/locations?near={near}");
        await JsonAssert.ProblemAsync(response, 422, "invalid", errors: """
            [{ "parameter": "near", "detail": "near must be latitude,longitude in degrees: -90 to 90, a comma, -180 to 180." }]
            """);
    }

    [Fact]
    public async Task An_unknown_location_is_a_404()
    {
        using var response = await api.Client.GetAsync("/v1/locations/nowhere");
        await JsonAssert.ProblemAsync(response, 404, "not-found", "There is no location 'nowhere'.");
    }
}
