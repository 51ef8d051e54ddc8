using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Api.Tests.Hours;

/// <summary>Status and calendar over HTTP. <c>ScheduleTests</c> tests the engine.</summary>
public sealed class StatusTests : IAsyncLifetime
{
    const string Seed = """
        clinic:
          timeZone: America/Chicago
          exceptions:
            - { when: every 12-25, reason: Christmas Day, closed: true }
            - { when: every fourth thursday of november, reason: Thanksgiving, closed: true }
            - { when: every 12-31 to 01-01, reason: New Year, closed: true }
        locations:
          - slug: main
            name: A main
            hoursVerifiedAt: 2026-06-20T10:00:00Z
            hours: &week { monday: [08:00-12:00, 13:00-17:00], tuesday: [08:00-17:00], wednesday: [08:00-17:00], thursday: [08:00-17:00], friday: [08:00-17:00], saturday: [], sunday: [] }
            hoursChanges:
              - { validFrom: 2026-09-01, monday: [], tuesday: [09:00-12:00], wednesday: [], thursday: [{ time: 09:00-12:00, access: byAppointment, note: Ring the bell }], friday: [{ time: 09:00-12:00, access: telephoneOnly }], saturday: [], sunday: [] }
            exceptions:
              - { when: 2026-07-03, reason: Day before the holiday, periods: [08:00-12:00, { time: 12:00-13:00, access: walkIn }] }
              - { when: 2026-07-06 to 2026-07-07, reason: Staff meeting, closedPart: 12:30-14:00 }
              - { when: 2026-12-25, reason: Open for those alone, asUsual: true }
          - slug: renovated
            name: B renovated
            hours: *week
            temporaryClosure: { closedFrom: 2026-06-01, reopensOn: 2026-08-03, reason: Renovation }
          - { slug: unknown, name: C unknown }
          - slug: cut
            name: D cut
            timeZone: Africa/Abidjan
            exceptions:
              - { when: 2026-12-01, reason: Power cut, closedPart: 10:00-12:00 }
              - { when: 2026-12-02, reason: Night, periods: ["16:00-01:00"] }
              - { when: 2026-12-04, reason: Nothing special, asUsual: true }
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
    public async Task The_status_has_everything_about_one_instant() =>
        JsonAssert.Equal(
            """
            {
              "location": "main", "timeZone": "America/Chicago", "state": "closed", "isOpen": false, "access": null, "note": null,
              "opensAt": { "utc": "2026-07-06T13:00:00Z", "local": "2026-07-06T08:00:00-05:00" },
              "closesAt": { "utc": "2026-07-06T17:00:00Z", "local": "2026-07-06T12:00:00-05:00" },
              "reason": "Saturday, closed", "text": "Closed. Opens Monday at 8:00 am", "validUntil": "2026-07-05T05:00:00Z"
            }
            """,
            await api.GetAsync("/v1/locations/main/status?at=2026-07-04T12:00:00-05:00")
        );

    [Theory]
    [InlineData(
        "main",
        "2026-07-01T12:59:59Z",
        "closed",
        "Wednesday, 8:00 am–5:00 pm",
        "Closed. Opens at 8:00 am",
        "Cerrado. Abre a las 8:00"
    )]
    [InlineData(
        "main",
        "2026-07-01T13:00:00Z",
        "open",
        "Wednesday, 8:00 am–5:00 pm",
        "Open until 5:00 pm",
        "Abierto hasta las 17:00"
    )]
    [InlineData(
        "main",
        "2026-07-01T21:59:59Z",
        "open",
        "Wednesday, 8:00 am–5:00 pm",
        "Open until 5:00 pm",
        "Abierto hasta las 17:00"
    )]
    [InlineData(
        "main",
        "2026-07-01T22:00:00Z",
        "closed",
        "Wednesday, 8:00 am–5:00 pm",
        "Closed. Opens Thursday at 8:00 am",
        "Cerrado. Abre el jueves a las 8:00"
    )]
    [InlineData(
        "main",
        "2026-07-03T11:00-05:00",
        "open",
        "Day before the holiday, 8:00 am–noon and noon–1:00 pm for walk-ins",
        "Open until noon, then open for walk-ins",
        "Abierto hasta el mediodía; después, abierto sin cita"
    )]
    [InlineData(
        "main",
        "2026-07-07T12:30-05:00",
        "closed",
        "Staff meeting, closed 12:30 pm–2:00 pm",
        "Closed. Opens at 2:00 pm",
        "Cerrado. Abre a las 14:00"
    )]
    [InlineData(
        "main",
        "2026-09-03T09:00-05:00",
        "byAppointment",
        "Thursday, 9:00 am–noon by appointment (Ring the bell)",
        "By appointment until noon",
        "Con cita previa hasta el mediodía"
    )]
    [InlineData(
        "main",
        "2026-09-04T09:00-05:00",
        "closed",
        "Friday, 9:00 am–noon by telephone only",
        "By telephone only until noon. Opens Tuesday at 9:00 am",
        "Solo por teléfono hasta el mediodía. Abre el martes a las 9:00"
    )]
    [InlineData(
        "main",
        "2026-11-26T10:00-06:00",
        "closed",
        "Thanksgiving, closed",
        "Closed. Opens Tuesday at 9:00 am",
        "Cerrado. Abre el martes a las 9:00"
    )]
    [InlineData(
        "main",
        "2026-12-25T09:30-06:00",
        "closed",
        "Open for those alone, 9:00 am–noon by telephone only",
        null,
        null
    )]
    [InlineData("main", "2027-01-01T10:00-06:00", "closed", "New Year, closed", null, null)]
    [InlineData(
        "renovated",
        "2026-07-01T13:00:00Z",
        "temporarilyClosed",
        "Renovation, temporarily closed",
        "Temporarily closed. Opens Monday, August 3, at 8:00 am",
        "Cerrado temporalmente. Abre el lunes 3 de agosto a las 8:00"
    )]
    [InlineData("renovated", "2026-05-29T13:00:00Z", "open", "Friday, 8:00 am–5:00 pm", "Open until 5:00 pm", null)]
    [InlineData(
        "unknown",
        "2026-07-01T13:00:00Z",
        "unknown",
        "Hours are not known",
        "Hours are not known",
        "Horario desconocido"
    )]
    public async Task The_text_and_the_reason_describe_the_status(
        string location,
        string at,
        string state,
        string reason,
        string? text,
        string? spanish
    )
    {
        var status = await api.GetAsync($"/v1/locations/{location}/status?at={Uri.EscapeDataString(at)}");
        Assert.Equal((state, reason), ((string?)status["state"], (string?)status["reason"]));
        if (text is not null)
            Assert.Equal(text, (string?)status["text"]);
        if (spanish is not null)
            Assert.Equal(
                spanish,
                (string?)
                    (await api.GetAsync($"/v1/locations/{location}/status?in=es&at={Uri.EscapeDataString(at)}"))["text"]
            );
    }

    [Fact]
    public async Task The_list_has_the_same_status_as_each_location()
    {
        var list = await api.GetAsync("/v1/status");
        Assert.Null(list["nextCursor"]);
        Assert.Equal(
            ["main", "renovated", "unknown", "cut"],
            list["items"]!.AsArray().Select(item => (string)item!["location"]!)
        );
        foreach (var item in list["items"]!.AsArray())
            JsonAssert.Equal(item!.ToJsonString(), await api.GetAsync($"/v1/locations/{item["location"]}/status"));
        Assert.Equal(4, (await api.GetAsync("/v1/status?at=2026-07-01T12:00:00Z"))["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task No_cache_keeps_a_status_beyond_the_moment_at_which_it_changes()
    {
        // 7:59:29.5 in Chicago: it opens in 30.5 seconds.
        await api.AdvanceToAsync(new DateTimeOffset(2026, 7, 1, 12, 59, 29, 500, TimeSpan.Zero));
        foreach (var path in new[] { "/v1/locations/main/status", "/v1/status" })
        {
            using var before = await api.SendAsync(HttpMethod.Get, path);
            Assert.Equal("public, max-age=30", before.Headers.CacheControl!.ToString());
        }
        Assert.Equal("closed", (string?)(await api.GetAsync("/v1/locations/main/status"))["state"]);
        await api.AdvanceAsync(TimeSpan.FromSeconds(30));
        // Half a second is left: it may not be kept at all.
        using (var last = await api.SendAsync(HttpMethod.Get, "/v1/locations/main/status"))
            Assert.True(last.Headers.CacheControl!.NoCache);
        await api.AdvanceAsync(TimeSpan.FromSeconds(0.5));
        Assert.Equal("open", (string?)(await api.GetAsync("/v1/locations/main/status"))["state"]);
        using var after = await api.SendAsync(HttpMethod.Get, "/v1/locations/main/status");
        Assert.Equal("public, max-age=60", after.Headers.CacheControl!.ToString());
    }

    [Fact]
    public async Task The_calendar_has_the_actual_hours_of_each_date() =>
        JsonAssert.Equal(
            """
            {
              "location": "main", "timeZone": "America/Chicago", "from": "2026-07-03", "to": "2026-07-06",
              "days": [
                {
                  "date": "2026-07-03", "day": "friday", "kind": "exception",
                  "reason": "Day before the holiday, 8:00 am–noon and noon–1:00 pm for walk-ins",
                  "periods": [
                    {
                      "opens": { "utc": "2026-07-03T13:00:00Z", "local": "2026-07-03T08:00:00-05:00" },
                      "closes": { "utc": "2026-07-03T17:00:00Z", "local": "2026-07-03T12:00:00-05:00" },
                      "access": "open", "note": null
                    },
                    {
                      "opens": { "utc": "2026-07-03T17:00:00Z", "local": "2026-07-03T12:00:00-05:00" },
                      "closes": { "utc": "2026-07-03T18:00:00Z", "local": "2026-07-03T13:00:00-05:00" },
                      "access": "walkIn", "note": null
                    }
                  ],
                  "openMinutes": 300
                },
                { "date": "2026-07-04", "day": "saturday", "kind": "usual", "reason": "Saturday, closed", "periods": [], "openMinutes": 0 },
                { "date": "2026-07-05", "day": "sunday", "kind": "usual", "reason": "Sunday, closed", "periods": [], "openMinutes": 0 },
                {
                  "date": "2026-07-06", "day": "monday", "kind": "exception",
                  "reason": "Monday, 8:00 am–noon and 1:00 pm–5:00 pm; Staff meeting, closed 12:30 pm–2:00 pm",
                  "periods": [
                    {
                      "opens": { "utc": "2026-07-06T13:00:00Z", "local": "2026-07-06T08:00:00-05:00" },
                      "closes": { "utc": "2026-07-06T17:00:00Z", "local": "2026-07-06T12:00:00-05:00" },
                      "access": "open", "note": null
                    },
                    {
                      "opens": { "utc": "2026-07-06T19:00:00Z", "local": "2026-07-06T14:00:00-05:00" },
                      "closes": { "utc": "2026-07-06T22:00:00Z", "local": "2026-07-06T17:00:00-05:00" },
                      "access": "open", "note": null
                    }
                  ],
                  "openMinutes": 420
                }
              ],
              "openMinutes": 720
            }
            """,
            await api.GetAsync("/v1/locations/main/calendar?from=2026-07-03&to=2026-07-06")
        );

    [Fact]
    public async Task A_calendar_has_fourteen_days_from_today_by_default()
    {
        static (string?, string?, int) Range(JsonNode calendar) =>
            ((string?)calendar["from"], (string?)calendar["to"], calendar["days"]!.AsArray().Count);
        Assert.Equal(("2026-07-01", "2026-07-14", 14), Range(await api.GetAsync("/v1/locations/main/calendar")));
        Assert.Equal(
            ("2026-12-20", "2027-01-02", 14),
            Range(await api.GetAsync("/v1/locations/main/calendar?from=2026-12-20"))
        );
        Assert.Equal(
            ("2026-07-01", "2026-07-01", 1),
            Range(await api.GetAsync("/v1/locations/main/calendar?to=2026-07-01"))
        );
        Assert.Equal(
            ("2026-01-01", "2027-01-01", 366),
            Range(await api.GetAsync("/v1/locations/main/calendar?from=2026-01-01&to=2027-01-01"))
        );
    }

    [Fact]
    public async Task The_calendar_has_the_exceptions_of_unknown_hours()
    {
        var calendar = await api.GetAsync("/v1/locations/unknown/calendar?from=2026-12-24&to=2026-12-25&in=es");
        Assert.Null(calendar["openMinutes"]);
        JsonAssert.Equal(
            """
            [
              { "date": "2026-12-24", "day": "thursday", "kind": "unknown", "reason": "Horario desconocido", "periods": null, "openMinutes": null },
              { "date": "2026-12-25", "day": "friday", "kind": "exception", "reason": "Christmas Day, cerrado", "periods": [], "openMinutes": 0 }
            ]
            """,
            calendar["days"]
        );
    }

    [Fact]
    public async Task Calendar_hours_and_status_agree_about_unknown_hours()
    {
        // At an offset of zero the local time has +00:00.
        static string At(string date, int hour) =>
            $$"""{ "utc": "{{date}}T{{hour:00}}:00:00Z", "local": "{{date}}T{{hour:00}}:00:00+00:00" }""";
        static string Status(
            string state,
            string access,
            string opensAt,
            string closesAt,
            string reason,
            string text,
            string validUntil
        ) =>
            $$"""
                {
                  "location": "cut", "timeZone": "Africa/Abidjan", "state": "{{state}}", "isOpen": {{(
                    state == "unknown" ? "null"
                    : state == "open" ? "true"
                    : "false"
                )}}, "access": {{access}}, "note": null, "opensAt": {{opensAt}}, "closesAt": {{closesAt}},
                  "reason": "{{reason}}", "text": "{{text}}", "validUntil": "{{validUntil}}"
                }
                """;
        async Task Check(string at, string status) =>
            JsonAssert.Equal(status, await api.GetAsync($"/v1/locations/cut/status?at={at}Z"));
        await Check(
            "2026-12-01T09:00",
            Status(
                "unknown",
                "null",
                "null",
                "null",
                "Hours are not known",
                "Hours are not known",
                "2026-12-01T10:00:00Z"
            )
        );
        await Check(
            "2026-12-01T11:00",
            Status(
                "closed",
                "null",
                "null",
                "null",
                "Power cut, closed 10:00 am–noon",
                "Closed",
                "2026-12-01T12:00:00Z"
            )
        );
        await Check(
            "2026-12-02T15:00",
            Status(
                "closed",
                "null",
                At("2026-12-02", 16),
                At("2026-12-03", 1),
                "Night, 4:00 pm–1:00 am",
                "Closed. Opens at 4:00 pm",
                "2026-12-02T16:00:00Z"
            )
        );
        await Check(
            "2026-12-03T00:30",
            Status(
                "open",
                "\"open\"",
                "null",
                At("2026-12-03", 1),
                "Night, 4:00 pm–1:00 am",
                "Open until 1:00 am",
                "2026-12-03T01:00:00Z"
            )
        );
        await Check(
            "2026-12-04T09:00",
            Status(
                "unknown",
                "null",
                "null",
                "null",
                "Hours are not known",
                "Hours are not known",
                "2026-12-25T00:00:00Z"
            )
        );

        JsonAssert.Equal(
            $$"""
            [
              { "date": "2026-12-01", "day": "tuesday", "kind": "exception", "reason": "Hours are not known; Power cut, closed 10:00 am–noon", "periods": null, "openMinutes": null },
              {
                "date": "2026-12-02", "day": "wednesday", "kind": "exception", "reason": "Night, 4:00 pm–1:00 am",
                "periods": [{ "opens": {{At("2026-12-02", 16)}}, "closes": {{At(
                "2026-12-03",
                1
            )}}, "access": "open", "note": null }], "openMinutes": 480
              },
              { "date": "2026-12-03", "day": "thursday", "kind": "unknown", "reason": "Hours are not known", "periods": null, "openMinutes": null },
              { "date": "2026-12-04", "day": "friday", "kind": "unknown", "reason": "Hours are not known", "periods": null, "openMinutes": null }
            ]
            """,
            (await api.GetAsync("/v1/locations/cut/calendar?from=2026-12-01&to=2026-12-04"))["days"]
        );

        JsonAssert.Equal(
            """
            [
              {
                "startsOn": "2026-12-01", "endsOn": "2026-12-01", "closed": false, "periods": null,
                "closedParts": [{ "from": "10:00", "to": "12:00", "reason": "Power cut" }], "text": "Hours are not known; Power cut, closed 10:00 am–noon"
              },
              {
                "startsOn": "2026-12-02", "endsOn": "2026-12-02", "closed": false,
                "periods": [{ "opens": "16:00", "closes": "01:00", "access": "open", "note": null }], "closedParts": [], "text": "Night, 4:00 pm–1:00 am"
              }
            ]
            """,
            new JsonArray([
                .. (await api.GetAsync("/v1/locations/cut/hours"))["exceptions"]!
                    .AsArray()
                    .Skip(1)
                    .Take(2)
                    .Select(item => item!.DeepClone()),
            ])
        );
    }

    [Fact]
    public async Task No_cache_keeps_a_calendar_or_hours_of_today_beyond_the_locations_midnight()
    {
        // 23:59:29.5 in Chicago.
        await api.AdvanceToAsync(new DateTimeOffset(2026, 7, 2, 4, 59, 29, 500, TimeSpan.Zero));
        foreach (
            var path in new[]
            {
                "/v1/locations/main/calendar",
                "/v1/locations/main/calendar?to=2026-07-09",
                "/v1/locations/main/hours",
                "/v1/hours",
            }
        )
        {
            using var response = await api.SendAsync(HttpMethod.Get, path);
            Assert.Equal((path, "public, max-age=30"), (path, response.Headers.CacheControl!.ToString()));
        }
        // A calendar that begins on a date that was asked for is the same tomorrow.
        using (var dated = await api.SendAsync(HttpMethod.Get, "/v1/locations/main/calendar?from=2026-07-01"))
            Assert.Equal("public, max-age=60", dated.Headers.CacheControl!.ToString());
        Assert.Equal("2026-07-01", (string?)(await api.GetAsync("/v1/locations/main/calendar"))["from"]);
        await api.AdvanceAsync(TimeSpan.FromSeconds(31));
        Assert.Equal("2026-07-02", (string?)(await api.GetAsync("/v1/locations/main/calendar"))["from"]);
    }

    [Fact]
    public async Task A_location_is_permanently_closed_from_its_date_on()
    {
        File.WriteAllText(
            seed.File("clinic.yaml"),
            Seed.Replace("name: A main", "name: A main\n    closedForGoodOn: 2026-07-03", StringComparison.Ordinal)
        );
        await using var other = await ApiFactory.StartAsync(factory =>
            factory.Settings.Add($"--Seed:Folder={seed.Path}")
        );
        static string Status(string text, string reason, string validUntil) =>
            $$"""
                {
                  "location": "main", "timeZone": "America/Chicago", "state": "closed", "isOpen": false, "access": null, "note": null, "opensAt": null, "closesAt": null,
                  "reason": "{{reason}}", "text": "{{text}}", "validUntil": {{validUntil}}
                }
                """;
        JsonAssert.Equal(
            Status("Closed", "Thursday, 8:00 am–5:00 pm", "\"2026-07-03T05:00:00Z\""),
            await other.GetAsync("/v1/locations/main/status?at=2026-07-02T17:00-05:00")
        );
        JsonAssert.Equal(
            Status("Permanently closed", "Permanently closed", "null"),
            await other.GetAsync("/v1/locations/main/status?at=2026-07-03T00:00-05:00")
        );
        JsonAssert.Equal(
            Status("Cerrado definitivamente", "Cerrado definitivamente", "null"),
            await other.GetAsync("/v1/locations/main/status?in=es&at=2030-07-03T12:00-05:00")
        );

        JsonAssert.Equal(
            """
            [
              { "date": "2026-07-03", "day": "friday", "kind": "closedForGood", "reason": "Permanently closed", "periods": [], "openMinutes": 0 },
              { "date": "2026-07-04", "day": "saturday", "kind": "closedForGood", "reason": "Permanently closed", "periods": [], "openMinutes": 0 }
            ]
            """,
            (await other.GetAsync("/v1/locations/main/calendar?from=2026-07-03&to=2026-07-04"))["days"]
        );

        var hours = await other.GetAsync("/v1/locations/main/hours");
        Assert.Equal(
            [("2026-07-03", "Permanently closed")],
            hours["changes"]!.AsArray().Select(change => ((string?)change!["validFrom"], (string?)change["text"]))
        );
        JsonAssert.Equal("[]", hours["exceptions"]);
        await other.AdvanceToAsync(new DateTimeOffset(2026, 7, 3, 5, 0, 0, TimeSpan.Zero));
        hours = await other.GetAsync("/v1/locations/main/hours?in=es");
        Assert.Equal(("2026-07-03", "Cerrado definitivamente"), ((string?)hours["validFrom"], (string?)hours["text"]));
        Assert.All(hours["days"]!.AsArray(), day => Assert.True((bool)day!["closed"]!));
        JsonAssert.Equal("[]", hours["changes"]);
    }

    [Fact]
    public async Task The_hours_have_their_exceptions_and_later_changes()
    {
        var hours = await api.GetAsync("/v1/locations/main/hours");
        Assert.Equal("2026-06-20T10:00:00Z", (string?)hours["verifiedAt"]);
        Assert.Null(hours["validFrom"]);
        Assert.Equal(
            [
                (
                    "2026-09-01",
                    "Monday, Wednesday, Saturday and Sunday closed; Tuesday 9:00 am–noon; Thursday 9:00 am–noon by appointment (Ring the bell); Friday 9:00 am–noon by telephone only"
                ),
            ],
            hours["changes"]!.AsArray().Select(change => ((string?)change!["validFrom"], (string?)change["text"]))
        );
        JsonAssert.Equal(
            """
            [
              {
                "startsOn": "2026-07-03", "endsOn": "2026-07-03", "closed": false, "closedParts": [],
                "periods": [{ "opens": "08:00", "closes": "12:00", "access": "open", "note": null }, { "opens": "12:00", "closes": "13:00", "access": "walkIn", "note": null }],
                "text": "Day before the holiday, 8:00 am–noon and noon–1:00 pm for walk-ins"
              },
              {
                "startsOn": "2026-07-06", "endsOn": "2026-07-06", "closed": false,
                "periods": [{ "opens": "08:00", "closes": "12:00", "access": "open", "note": null }, { "opens": "13:00", "closes": "17:00", "access": "open", "note": null }],
                "closedParts": [{ "from": "12:30", "to": "14:00", "reason": "Staff meeting" }],
                "text": "Monday, 8:00 am–noon and 1:00 pm–5:00 pm; Staff meeting, closed 12:30 pm–2:00 pm"
              },
              {
                "startsOn": "2026-07-07", "endsOn": "2026-07-07", "closed": false,
                "periods": [{ "opens": "08:00", "closes": "17:00", "access": "open", "note": null }],
                "closedParts": [{ "from": "12:30", "to": "14:00", "reason": "Staff meeting" }],
                "text": "Tuesday, 8:00 am–5:00 pm; Staff meeting, closed 12:30 pm–2:00 pm"
              },
              { "startsOn": "2026-11-26", "endsOn": "2026-11-26", "closed": true, "periods": [], "closedParts": [], "text": "Thanksgiving, closed" },
              { "startsOn": "2026-12-31", "endsOn": "2027-01-01", "closed": true, "periods": [], "closedParts": [], "text": "New Year, closed" }
            ]
            """,
            hours["exceptions"]
        );

        await using var later = await ApiFactory.StartAsync(factory =>
        {
            factory.Settings.Add($"--Seed:Folder={seed.Path}");
            factory.Clock.SetUtcNow(new DateTimeOffset(2026, 9, 1, 5, 0, 0, TimeSpan.Zero));
        });
        hours = await later.GetAsync("/v1/locations/main/hours");
        Assert.Equal("2026-09-01", (string?)hours["validFrom"]);
        JsonAssert.Equal("[]", hours["changes"]);
    }

    [Theory]
    [InlineData(
        "status?at=2026-07-01T12:00:00",
        "at",
        "at must be a date and time with Z or an offset, as 2026-12-25T09:00:00-06:00."
    )]
    [InlineData("status?at=now", "at", "at must be a date and time with Z or an offset, as 2026-12-25T09:00:00-06:00.")]
    [InlineData(
        "status?at=2026-02-30T12:00:00Z",
        "at",
        "at must be a date and time with Z or an offset, as 2026-12-25T09:00:00-06:00."
    )]
    [InlineData("status?at=9998-07-01T12:00:00Z", "at", "at must be from 1900 to 2199.")]
    [InlineData("status?in=fr", "in", "in must be one of en, es.")]
    [InlineData("hours?in=%F0%9F%98%80", "in", "in must be one of en, es.")]
    [InlineData(
        "calendar?from=2026-07-02&to=2026-07-01",
        "to",
        "to must not be before from, which is today when it is left out."
    )]
    [InlineData("calendar?to=2026-06-30", "to", "to must not be before from, which is today when it is left out.")]
    [InlineData("calendar?from=2026-07-01&to=2027-07-02", "to", "A calendar has at most 366 dates.")]
    [InlineData("calendar?from=2026-02-29", "from", "from must be a date that exists, as 2026-12-25.")]
    [InlineData("calendar?from=0001-01-01", "from", "from must be from 1900 to 2199.")]
    [InlineData("calendar?to=2200-01-01", "to", "to must be from 1900 to 2199.")]
    public async Task Bad_input_is_named(string query, string parameter, string detail)
    {
        using var response = await api.SendAsync(HttpMethod.Get, "/v1/locations/main/" + query);
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            detail,
            $$"""[{ "parameter": "{{parameter}}", "detail": "{{detail}}" }]"""
        );
    }

    [Theory]
    [
        InlineData("2026-07-01T15:00:00+02:00"),
        InlineData("2026-07-01T15:00%2B02:00"),
        InlineData("2026-07-01T13:00:00.000Z"),
        InlineData("2026-07-01T08:00:00-05:00")
    ]
    public async Task An_instant_may_have_many_forms(string at) =>
        Assert.Equal("open", (string?)(await api.GetAsync($"/v1/locations/main/status?at={at}"))["state"]);

    [Theory]
    [InlineData("1900-01-01"), InlineData("2199-12-31")]
    public async Task The_first_and_the_last_date_have_a_calendar_and_a_status(string date)
    {
        await api.GetAsync($"/v1/locations/main/calendar?from={date}&to={date}");
        await api.GetAsync($"/v1/locations/main/status?at={date}T00:00:00Z");
        await api.GetAsync($"/v1/locations/renovated/status?at={date}T23:59:59Z");
    }

    [Theory]
    [InlineData("hours"), InlineData("status"), InlineData("calendar")]
    public async Task An_unknown_location_is_a_404(string what)
    {
        using var response = await api.Client.GetAsync($"/v1/locations/nowhere/{what}");
        await JsonAssert.ProblemAsync(response, 404, "not-found", "There is no location 'nowhere'.");
    }

    [Theory]
    [InlineData(null, null, "en", "Accept-Language")]
    [InlineData(null, "es", "es", "Accept-Language")]
    [InlineData(null, "es-US,es;q=0.9,en;q=0.8", "es", "Accept-Language")]
    [InlineData(null, "fr, de;q=0.9", "en", "Accept-Language")]
    [InlineData(null, "fr, en;q=0.5, es;q=0.7", "es", "Accept-Language")]
    [InlineData(null, "es;q=0, *", "en", "Accept-Language")]
    [InlineData(null, ";;;nonsense", "en", "Accept-Language")]
    [InlineData("en", "es", "en", null)]
    [InlineData("ES-mx", null, "es", null)]
    public async Task The_language_is_the_one_asked_for(string? @in, string? accept, string language, string? vary)
    {
        // Twice: the second answer is the cache's.
        for (var i = 0; i < 2; i++)
        {
            using var response = await api.SendAsync(
                HttpMethod.Get,
                "/v1/locations/main/status" + (@in is null ? "" : "?in=" + @in),
                accept is null ? [] : [("Accept-Language", accept)]
            );
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal([language], response.Content.Headers.ContentLanguage);
            Assert.Equal(vary is null ? [] : new[] { vary }, response.Headers.Vary);
            var text = (string?)(await response.Content.ReadFromJsonAsync<JsonNode>())!["text"];
            Assert.Equal(language == "en" ? "Closed. Opens at 8:00 am" : "Cerrado. Abre a las 8:00", text);
        }
    }

    [Fact]
    public async Task The_cache_keeps_languages_apart()
    {
        foreach (
            var path in new[]
            {
                "/v1/locations/main/status",
                "/v1/status",
                "/v1/hours",
                "/v1/locations/main/hours",
                "/v1/locations/main/calendar",
            }
        )
        {
            var bodies = new HashSet<string>();
            foreach (var accept in new[] { "en", "es", "en", "es" })
            {
                using var response = await api.SendAsync(HttpMethod.Get, path, ("Accept-Language", accept));
                Assert.Equal([accept], response.Content.Headers.ContentLanguage);
                bodies.Add(await response.Content.ReadAsStringAsync());
            }
            Assert.Equal(2, bodies.Count);
        }
    }
}
