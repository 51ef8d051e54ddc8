namespace Api.Tests.Hours;

public sealed class HoursTests : IAsyncLifetime
{
    const string Seed = """
        clinic:
          timeZone: America/Chicago
        locations:
          - slug: usual
            name: A usual
            hours: &week { monday: [08:00-17:00], tuesday: [08:00-17:00], wednesday: [08:00-17:00], thursday: [08:00-17:00], friday: [08:00-17:00], saturday: [], sunday: [] }
          - slug: lunch
            name: B lunch
            hours: { monday: [13:00-17:00, 08:00-12:00], tuesday: [22:00-06:00], wednesday: [00:00-00:00], thursday: [], friday: [], saturday: [], sunday: [] }
          - { slug: unknown, name: C unknown }
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

    [Fact]
    public async Task The_hours_have_all_seven_days_from_Monday() =>
        JsonAssert.Equal(
            """
            {
              "location": "usual", "timeZone": "America/Chicago", "validFrom": null, "changes": [], "exceptions": [], "verifiedAt": null,
              "days": [
                { "day": "monday", "closed": false, "periods": [{ "opens": "08:00", "closes": "17:00", "access": "open", "note": null }] },
                { "day": "tuesday", "closed": false, "periods": [{ "opens": "08:00", "closes": "17:00", "access": "open", "note": null }] },
                { "day": "wednesday", "closed": false, "periods": [{ "opens": "08:00", "closes": "17:00", "access": "open", "note": null }] },
                { "day": "thursday", "closed": false, "periods": [{ "opens": "08:00", "closes": "17:00", "access": "open", "note": null }] },
                { "day": "friday", "closed": false, "periods": [{ "opens": "08:00", "closes": "17:00", "access": "open", "note": null }] },
                { "day": "saturday", "closed": true, "periods": [] },
                { "day": "sunday", "closed": true, "periods": [] }
              ],
              "text": "Monday to Friday 8:00 am–5:00 pm; Saturday and Sunday closed"
            }
            """,
            await api.GetAsync("/v1/locations/usual/hours")
        );

    [Fact]
    public async Task The_periods_of_a_day_are_sorted_and_may_last_overnight_or_all_day()
    {
        var hours = await api.GetAsync("/v1/locations/lunch/hours");
        JsonAssert.Equal(
            """[{ "opens": "08:00", "closes": "12:00", "access": "open", "note": null }, { "opens": "13:00", "closes": "17:00", "access": "open", "note": null }]""",
            hours["days"]![0]!["periods"]
        );
        JsonAssert.Equal(
            """[{ "opens": "22:00", "closes": "06:00", "access": "open", "note": null }]""",
            hours["days"]![1]!["periods"]
        );
        JsonAssert.Equal(
            """[{ "opens": "00:00", "closes": "00:00", "access": "open", "note": null }]""",
            hours["days"]![2]!["periods"]
        );
        Assert.Equal(
            "Monday 8:00 am–noon and 1:00 pm–5:00 pm; Tuesday 10:00 pm–6:00 am; Wednesday open 24 hours; Thursday to Sunday closed",
            (string?)hours["text"]
        );
    }

    [Fact]
    public async Task Unknown_is_not_closed() =>
        JsonAssert.Equal(
            """{ "location": "unknown", "timeZone": "America/Chicago", "validFrom": null, "days": null, "text": "Hours are not known", "changes": [], "exceptions": [], "verifiedAt": null }""",
            await api.GetAsync("/v1/locations/unknown/hours")
        );

    [Fact]
    public async Task The_list_has_every_location_sorted_by_name()
    {
        var list = await api.GetAsync("/v1/hours");
        Assert.Equal(
            ["usual", "lunch", "unknown"],
            list["items"]!.AsArray().Select(item => (string)item!["location"]!)
        );
        foreach (var item in list["items"]!.AsArray())
            JsonAssert.Equal(item!.ToJsonString(), await api.GetAsync($"/v1/locations/{item["location"]}/hours"));
        var first = await api.GetAsync("/v1/hours?limit=2");
        Assert.Equal(
            ["unknown"],
            (await api.GetAsync($"/v1/hours?limit=2&cursor={first["nextCursor"]}"))["items"]!
                .AsArray()
                .Select(item => (string)item!["location"]!)
        );
    }

    [Fact]
    public async Task The_hours_are_those_that_are_valid_on_the_local_date_of_the_location()
    {
        await api.ExecuteAsync(
            """
            UPDATE locations SET time_zone = 'Pacific/Kiritimati' WHERE slug = 'lunch';
            INSERT INTO weekly_hours (location_id, valid_from) SELECT id, '2026-07-02' FROM locations WHERE slug IN ('usual', 'lunch');
            """
        );
        // It is noon of 1 July in UTC: still the first in Chicago, already the second on Kiritimati.
        Assert.StartsWith(
            "Monday to Friday",
            (string?)(await api.GetAsync("/v1/locations/usual/hours"))["text"],
            StringComparison.Ordinal
        );
        Assert.Equal("Every day closed", (string?)(await api.GetAsync("/v1/locations/lunch/hours"))["text"]);
    }

    [Fact]
    public async Task An_unknown_location_is_a_404()
    {
        using var response = await api.Client.GetAsync("/v1/locations/nowhere/hours");
        await JsonAssert.ProblemAsync(response, 404, "not-found", "There is no location 'nowhere'.");
    }
}
