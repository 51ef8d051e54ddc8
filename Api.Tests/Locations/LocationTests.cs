namespace Api.Tests.Locations;

public sealed class LocationTests : IAsyncLifetime
{
    const string Seed = """
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
          - { slug: near, name: D near, coordinates: { latitude: 35.1, longitude: -90.0 }, temporaryClosure: { reason: Flood } }
        """;

    const string WithHours = """
        clinic:
          timeZone: America/Chicago
          exceptions: [{ when: 2026-07-03, reason: Holiday, closed: true }]
        locations:
          - { slug: a, name: A, coordinates: { latitude: 35.0, longitude: -90.0 }, hours: &w { monday: [], tuesday: [], wednesday: [08:00-17:00], thursday: [], friday: [08:00-17:00], saturday: [], sunday: [] } }
          - { slug: b, name: B, coordinates: { latitude: 36.0, longitude: -90.0 }, hours: *w, exceptions: [{ when: 2026-07-03, reason: Open, asUsual: true }] }
          - { slug: c, name: C, hours: { monday: [], tuesday: [], wednesday: [{ time: 08:00-09:00, access: byAppointment }], thursday: [{ time: 08:00-09:00, access: telephoneOnly }], friday: [], saturday: [], sunday: [] } }
          - { slug: d, name: D, temporaryClosure: { reopensOn: 2026-07-03 }, hours: *w }
          - { slug: e, name: E }
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
    public async Task A_location_has_all_known_facts() =>
        JsonAssert.Equal(
            """
            {
              "slug": "whole", "name": "B whole",
              "address": { "streetAddress": "1 Example Street", "locality": "Exampleville", "region": "AR", "postalCode": "00000", "country": "US" },
              "telephone": "+15555550100", "email": "front-desk@example.com", "coordinates": { "latitude": 35, "longitude": -90 },
              "timeZone": "America/New_York", "access": ["byAppointment", "walkIn"], "acceptingNewPatients": true, "telehealth": false,
              "languages": ["en", "es"], "accessibilityNotes": "Step-free.",
              "temporaryClosure": { "closedFrom": null, "reopensOn": "2026-08-03", "reason": "Renovation" }, "closedForGoodOn": null
            }
            """,
            await api.GetAsync("/v1/locations/whole")
        );

    [Fact]
    public async Task What_is_unknown_is_null() =>
        JsonAssert.Equal(
            """
            {
              "slug": "bare", "name": "A bare",
              "address": { "streetAddress": null, "locality": null, "region": null, "postalCode": null, "country": null },
              "telephone": null, "email": null, "coordinates": null, "timeZone": "America/Chicago", "access": null,
              "acceptingNewPatients": null, "telehealth": null, "languages": null, "accessibilityNotes": null,
              "temporaryClosure": null, "closedForGoodOn": null
            }
            """,
            await api.GetAsync("/v1/locations/bare")
        );

    [Fact]
    public async Task A_closure_without_a_date_is_a_closure() =>
        JsonAssert.Equal(
            """{ "closedFrom": null, "reopensOn": null, "reason": "Flood" }""",
            (await api.GetAsync("/v1/locations/near"))["temporaryClosure"]
        );

    [Fact]
    public async Task The_list_is_sorted_by_name() =>
        Assert.Equal(["bare", "whole", "far", "near"], await SlugsAsync(""));

    [Fact]
    public async Task Near_sorts_by_distance_and_those_without_coordinates_come_last()
    {
        Assert.Equal(["near", "whole", "far", "bare"], await SlugsAsync("?near=35.2,-90"));
        var distances = (await api.GetAsync("/v1/locations?near=35.2,-90"))["items"]!
            .AsArray()
            .Select(item => (int?)item!["distanceMeters"])
            .ToArray();
        // A tenth of a degree of latitude is 11.12 km on the mean sphere; the opposite point is nearly half of the way
        // round.
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
        } while (cursor is not null);
        Assert.Equal(all, seen);
    }

    [Theory]
    [
        InlineData("91,0"),
        InlineData("0,181"),
        InlineData("1"),
        InlineData("1,2,3"),
        InlineData("a,b"),
        InlineData("NaN,0"),
        InlineData("1e1,0"),
        InlineData("")
    ]
    [InlineData("Infinity,0"), InlineData(",")]
    public async Task A_point_off_the_globe_is_refused(string near)
    {
        using var response = await api.Client.GetAsync($"/v1/locations?near={near}");
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            errors: """
            [{ "parameter": "near", "detail": "near must be latitude,longitude in degrees: -90 to 90, a comma, -180 to 180." }]
            """
        );
    }

    [Fact]
    public async Task Near_is_refused_where_no_location_has_coordinates()
    {
        await using var sample = await ApiFactory.StartAsync();
        using var response = await sample.Client.GetAsync("/v1/locations?near=35,-90");
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            errors: """
            [{ "parameter": "near", "detail": "No location has known coordinates, so none is nearest." }]
            """
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("&in=es")]
    public async Task A_list_can_include_the_status_of_each_location(string language)
    {
        await using var open = await WithHoursAsync();
        var items = (await open.GetAsync($"/v1/locations?include=status{language}"))["items"]!.AsArray();
        Assert.Equal(5, items.Count);
        foreach (var item in items)
        {
            var slug = (string)item!["slug"]!;
            var status = await open.GetAsync($"/v1/locations/{slug}/status?{language}");
            JsonAssert.Equal(status.ToJsonString(), item["status"]!);
        }
        Assert.All(
            (await open.GetAsync("/v1/locations?include="))["items"]!.AsArray(),
            item => Assert.Null(item!["status"])
        );
    }

    [Fact]
    public async Task A_list_with_the_status_is_fresh_until_the_first_status_changes()
    {
        await using var open = await WithHoursAsync();
        // Wednesday, half a minute before location c closes.
        await open.AdvanceAsync(
            NodaTime.Instant.FromUtc(2026, 7, 1, 13, 59, 30).ToDateTimeOffset() - open.Clock.GetUtcNow()
        );
        using var response = await open.Client.GetAsync("/v1/locations?include=status");
        Assert.Equal(TimeSpan.FromSeconds(30), response.Headers.CacheControl!.MaxAge);
        Assert.Equal("en", response.Content.Headers.ContentLanguage.Single());
        Assert.Contains("Accept-Language", response.Headers.Vary);
    }

    [Theory]
    [InlineData("include=hours", "include", "This must be one of status.")]
    [InlineData("include=status&in=fr", "in", "in must be one of en, es.")]
    public async Task What_cannot_be_included_is_refused(string query, string parameter, string detail)
    {
        using var response = await api.Client.GetAsync($"/v1/locations?{query}");
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            errors: $$"""[{ "parameter": "{{parameter}}", "detail": "{{detail}}" }]"""
        );
    }

    async Task<ApiFactory> WithHoursAsync()
    {
        File.WriteAllText(seed.File("clinic.yaml"), WithHours);
        return await ApiFactory.StartAsync(factory => factory.Settings.Add($"--Seed:Folder={seed.Path}"));
    }

    [Theory]
    [InlineData("2026-07-01T08:30-05:00", "", "a b c")]
    [InlineData("2026-07-01T08:30-05:00", "&near=36.5,-90", "b a c")]
    [InlineData("2026-07-01T09:00-05:00", "", "a b")]
    [InlineData("2026-07-01T17:00-05:00", "", "")]
    [InlineData("2026-07-02T08:30-05:00", "", "")]
    [InlineData("2026-07-03T08:30-05:00", "", "b")]
    [InlineData("2026-07-10T08:30-05:00", "&near=36.5,-90", "b a d")]
    public async Task OpenAt_finds_the_locations_that_are_open_then(string at, string query, string slugs)
    {
        await using var open = await WithHoursAsync();
        var items = new List<string>();
        // One at a time, so that each page but the last is full.
        for (var cursor = ""; cursor is not null; )
        {
            var page = await open.GetAsync($"/v1/locations?limit=1&openAt={at}{query}{cursor}");
            items.AddRange(page["items"]!.AsArray().Select(item => (string)item!["slug"]!));
            cursor = page["nextCursor"] is { } next ? $"&cursor={next}" : null;
        }
        Assert.Equal(slugs, string.Join(' ', items));
    }

    [Fact]
    public async Task OpenAt_now_is_cached_until_a_location_closes_and_its_pages_go_on_after_that()
    {
        await using var open = await WithHoursAsync();
        await open.AdvanceToAsync(new DateTimeOffset(2026, 7, 1, 13, 59, 50, TimeSpan.Zero));
        using var response = await open.SendAsync(HttpMethod.Get, "/v1/locations?openAt=now");
        Assert.Equal("public, max-age=10", response.Headers.CacheControl!.ToString());
        var first = await open.GetAsync("/v1/locations?openAt=now&near=35,-90&limit=1");
        // Past five: what the first page ended with is closed now.
        await open.AdvanceToAsync(new DateTimeOffset(2026, 7, 1, 22, 0, 0, TimeSpan.Zero));
        JsonAssert.Equal(
            """{ "items": [], "nextCursor": null }""",
            await open.GetAsync($"/v1/locations?openAt=now&near=35,-90&limit=1&cursor={first["nextCursor"]}")
        );
        await open.GetAsync($"/v1/locations?near=35,-90&limit=1&cursor={first["nextCursor"]}", status: 400);
    }

    [Fact]
    public async Task A_time_without_an_offset_is_refused()
    {
        using var response = await api.Client.GetAsync("/v1/locations?openAt=2026-07-01T08:00:00&near=91,0");
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            "2 rules are broken.",
            """
            [
              { "parameter": "near", "detail": "near must be latitude,longitude in degrees: -90 to 90, a comma, -180 to 180." },
              { "parameter": "openAt", "detail": "openAt must be a date and time with Z or an offset, as 2026-12-25T09:00:00-06:00." }
            ]
            """
        );
    }

    [Fact]
    public async Task A_past_closure_is_absent()
    {
        await using var other = await ApiFactory.StartAsync(factory =>
        {
            factory.Settings.Add($"--Seed:Folder={seed.Path}");
            factory.Clock.SetUtcNow(new DateTimeOffset(2026, 8, 3, 3, 59, 45, TimeSpan.Zero));
        });
        using (var last = await other.SendAsync(HttpMethod.Get, "/v1/locations/whole"))
            Assert.Equal("public, max-age=15", last.Headers.CacheControl!.ToString());
        await other.AdvanceAsync(TimeSpan.FromSeconds(15));
        Assert.Null((await other.GetAsync("/v1/locations/whole"))["temporaryClosure"]);
        Assert.Null((await other.GetAsync("/v1/locations"))["items"]![1]!["temporaryClosure"]);
    }

    [Fact]
    public async Task A_permanently_closed_location_stays_in_the_list()
    {
        File.WriteAllText(
            seed.File("clinic.yaml"),
            """
            clinic:
              timeZone: America/Chicago
            locations:
              - slug: gone
                name: Gone
                closedForGoodOn: 2026-07-10
                temporaryClosure: { closedFrom: 2026-07-01, reopensOn: 2026-08-03, reason: Renovation }
                hours: { monday: [], tuesday: [], wednesday: [08:00-17:00], thursday: [], friday: [08:00-17:00], saturday: [], sunday: [] }
            """
        );
        await using var other = await ApiFactory.StartAsync(factory =>
        {
            factory.Settings.Add($"--Seed:Folder={seed.Path}");
            factory.Clock.SetUtcNow(new DateTimeOffset(2026, 7, 10, 4, 59, 45, TimeSpan.Zero));
        });
        using (var last = await other.SendAsync(HttpMethod.Get, "/v1/locations/gone"))
            Assert.Equal("public, max-age=15", last.Headers.CacheControl!.ToString());
        var before = await other.GetAsync("/v1/locations/gone");
        Assert.Equal("Renovation", (string?)before["temporaryClosure"]!["reason"]);
        Assert.Equal("2026-07-10", (string?)before["closedForGoodOn"]);

        await other.AdvanceAsync(TimeSpan.FromSeconds(15));
        foreach (
            var after in new[]
            {
                await other.GetAsync("/v1/locations/gone"),
                (await other.GetAsync("/v1/locations"))["items"]![0]!,
            }
        )
        {
            Assert.Null(after["temporaryClosure"]);
            Assert.Equal("2026-07-10", (string?)after["closedForGoodOn"]);
        }
        Assert.Empty((await other.GetAsync("/v1/locations?openAt=2026-07-10T12:00-05:00"))["items"]!.AsArray());
    }

    [Fact]
    public async Task An_unknown_location_is_a_404()
    {
        using var response = await api.Client.GetAsync("/v1/locations/nowhere");
        await JsonAssert.ProblemAsync(response, 404, "not-found", "There is no location 'nowhere'.");
    }
}
