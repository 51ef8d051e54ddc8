using System.Net;
using Api.Tests.Outbox;
using Microsoft.Extensions.Logging;
using static Api.Tests.Contact.Submissions;

namespace Api.Tests.Contact;

/// <summary>What is secret is in no log, whatever levels are on.</summary>
public sealed class LogTests
{
    const string Password = "correct-horse",
        Secret = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        Key = "a-key-of-a-sender",
        Hook = "hook-with-a-secret-path";

    [Theory]
    [InlineData(
        "--Logging:LogLevel:Default=Trace",
        "--Logging:LogLevel:Microsoft=Trace",
        "--Logging:LogLevel:Microsoft.AspNetCore=Trace"
    )]
    [InlineData(
        "--Logging:LogLevel:Default=Trace",
        "--Logging:LogLevel:Microsoft.AspNetCore=Trace",
        "--Logging:LogLevel:Microsoft.AspNetCore.Routing=Trace",
        "--Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics=Trace",
        "--Logging:LogLevel:Microsoft.AspNetCore.Routing.DefaultLinkGenerator=Trace",
        "--Logging:LogLevel:Microsoft.AspNetCore.Routing.Matching.DfaMatcher=Trace",
        "--Logging:LogLevel:Microsoft.AspNetCore.HttpLogging=Trace"
    )]
    [InlineData(
        "--Logging:Sink:LogLevel:Default=Trace",
        "--Logging:Sink:LogLevel:Microsoft.AspNetCore.Routing=Trace",
        "--Logging:Sink:LogLevel:Microsoft.AspNetCore.Hosting=Trace"
    )]
    public async Task Neither_a_token_nor_a_password_nor_a_secret_nor_a_key_is_logged(params string[] levels)
    {
        await using var server = new FaultyMailServer();
        await using var api = await ApiFactory.StartAsync(factory =>
        {
            factory.Settings.AddRange([
                .. levels,
                "--Cors:Origins:0=https://clinic.example.com",
                .. OutboxApi.Mail(server, "--Mail:User=website", $"--Mail:Password={Password}"),
                .. OutboxApi.Webhook(
                    "crm",
                    new Uri($"http://127.0.0.1:{ApiProcess.FreePort()}/{Hook}"),
                    "whsec_" + Secret
                ),
            ]);
            factory.Configure = builder =>
                builder.Logging.SetMinimumLevel(LogLevel.Trace).AddFilter(null, LogLevel.Trace);
        });
        using var created = await api.SubmitAsync(
            Valid(),
            ("Idempotency-Key", $"\"{Key}\""),
            ("Origin", "https://clinic.example.com")
        );
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        using var again = await api.SubmitAsync(Valid(), ("Idempotency-Key", $"\"{Key}\""));
        var location = again.Headers.Location!.ToString();
        var token = location.Split('/')[^1];
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head, HttpMethod.Delete, HttpMethod.Options })
        {
            foreach (
                var path in new[]
                {
                    location,
                    location + "/",
                    location + "?x=1",
                    location.ToUpperInvariant(),
                    location + "x",
                    "/v1/contact-receipts//" + token,
                }
            )
                (
                    await api.SendAsync(method, path, ("Origin", "https://clinic.example.com"), ("Accept", "text/html"))
                ).Dispose();
        }
        await api.UntilAsync(rows => rows.All(row => row.Attempts > 0));

        // All levels are on, or nothing was looked at.
        Assert.Contains("Debug ", api.Log.Text, StringComparison.Ordinal);
        Assert.Contains("Trace ", api.Log.Text, StringComparison.Ordinal);
        foreach (var secret in new[] { token, token[..12], token[12..], Password, Secret, Key, Hook })
        {
            var line = api
                .Log.Text.Split('\n')
                .FirstOrDefault(line => line.Contains(secret, StringComparison.OrdinalIgnoreCase));
            Assert.True(line is null, $"{secret} is in: {line}");
        }
    }
}
