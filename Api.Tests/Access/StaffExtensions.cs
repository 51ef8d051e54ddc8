using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Api.Access;
using Api.Audit;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace Api.Tests.Access;

/// <summary>A key of the staff, as <c>keys create</c> shows it once.</summary>
sealed record StaffKey(string Id, string Name, string Text)
{
    /// <summary>The header with which a request signs in.</summary>
    public (string Name, string Value) Header => ("Authorization", $"Bearer {Text}");

    /// <summary>How the audit names it.</summary>
    public string Actor => $"key:{Id}";
}

/// <summary>Makes keys, and sends requests with them.</summary>
static class StaffExtensions
{
    /// <summary>Makes a key, without the command.</summary>
    /// <param name="api">The program.</param>
    /// <param name="roles">Its roles.</param>
    /// <param name="name">Its name.</param>
    /// <param name="locations">The locations that it is confined to; <c>null</c>: all.</param>
    /// <param name="lifetime">When it expires, by the clock of the program; <c>null</c>: never.</param>
    /// <param name="id">Its id; <c>null</c>: a random one.</param>
    public static async Task<StaffKey> CreateKeyAsync(
        this ApiFactory api,
        Role[] roles,
        string name = "Front desk",
        string[]? locations = null,
        TimeSpan? lifetime = null,
        string? id = null
    )
    {
        var key = new StaffKey(
            id ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)),
            name,
            AccessKey.New()
        );
        var now = Instant.FromDateTimeOffset(api.Clock.GetUtcNow());
        var stored = new StoredKey
        {
            Id = key.Id,
            Name = name,
            Roles = [.. roles.Select(Api.Http.Json.NameOf)],
            Locations = locations,
            CreatedAt = now,
            ExpiresAt = lifetime is { } time ? now + Duration.FromTimeSpan(time) : null,
            LastUsedOn = null,
            RevokedAt = null,
        };
        var store = api.App.Services.GetRequiredService<AccessKeyStore>();
        await store.AddAsync(stored, AccessKey.Hash(key.Text), Actor.Operator, default);
        return key;
    }

    /// <summary>Revokes a key, without the command.</summary>
    public static async Task RevokeKeyAsync(this ApiFactory api, StaffKey key)
    {
        var now = Instant.FromDateTimeOffset(api.Clock.GetUtcNow());
        var store = api.App.Services.GetRequiredService<AccessKeyStore>();
        Assert.True(await store.RevokeAsync(key.Id, now, Actor.Operator, default));
    }

    /// <summary>Sends a request with a key, and with a JSON body if there is one.</summary>
    public static async Task<HttpResponseMessage> SendAsync(
        this ApiFactory api,
        StaffKey key,
        HttpMethod method,
        string path,
        JsonNode? body = null,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers.Append(key.Header))
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return await api.Client.SendAsync(request);
    }

    /// <summary>Sends a GET with a key, asserts the status, and reads the body as JSON.</summary>
    public static async Task<JsonNode> GetAsync(this ApiFactory api, StaffKey key, string path, int status = 200)
    {
        using var response = await api.SendAsync(key, HttpMethod.Get, path);
        Assert.Equal(status, (int)response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }
}
