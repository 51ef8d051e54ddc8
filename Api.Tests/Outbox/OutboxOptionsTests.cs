using Api.CommandLine;
using Api.Outbox;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Api.Tests.Outbox;

[AnyEngine]
public sealed class OutboxOptionsTests
{
    static readonly string Secret = OutboxApi.NewSecret();

    static TOptions Read<TOptions>(params string[] settings)
        where TOptions : class
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddCommandLine(settings).Build());
        services.AddOutboxSettings();
        return services.BuildServiceProvider().GetRequiredService<IOptions<TOptions>>().Value;
    }

    static MailOptions Mail(params string[] settings) =>
        Read<MailOptions>(["--Mail:Host=smtp.example.com", "--Mail:From=website@example.com", .. settings]);

    static WebhookOptions Webhooks(params string[] settings) => Read<WebhookOptions>(settings);

    [Fact]
    public void Without_settings_there_are_no_mails_and_no_webhooks()
    {
        Assert.False(Read<MailOptions>().IsOn);
        Assert.Empty(Webhooks().Endpoints);
    }

    [Fact]
    public void The_port_depends_on_the_security_and_a_location_without_recipients_uses_those_of_all()
    {
        Assert.Equal((587, MailSecurity.StartTls), (Mail().Port!.Value, Mail().Security));
        Assert.Equal(465, Mail("--Mail:Security=tls").Port);
        Assert.Equal(25, Mail("--Mail:Port=25").Port);
        var mail = Mail(
            "--Mail:Recipients:jonesboro:0=a@example.com",
            "--Mail:Recipients:jonesboro:1=B <b@example.com>",
            "--Mail:Recipients:ASH-FLAT=d@example.com",
            "--Mail:Recipients:*=c@example.com"
        );
        Assert.Equal(["a@example.com", "B <b@example.com>"], mail.FindRecipients("jonesboro"));
        Assert.Equal(["c@example.com"], mail.FindRecipients("paragould"));
        // As people write it into the environment.
        Assert.Equal(["d@example.com"], mail.FindRecipients("ash-flat"));
    }

    [Theory]
    [
        InlineData("website@clinic.example.com", null, "clinic.example.com"),
        InlineData("Clinic <website@clínica.example>", null, "xn--clnica-4va.example")
    ]
    [
        InlineData("website@localhost", "https://api.example.com/clinic", "api.example.com"),
        InlineData("website@localhost", "http://192.0.2.7:5080", "[192.0.2.7]")
    ]
    [
        InlineData("website@localhost", "http://[2001:db8::7]:5080", "[IPv6:2001:db8::7]"),
        InlineData("website@localhost", "http://localhost:5080", "[127.0.0.1]"),
        InlineData("website@localhost", null, "[127.0.0.1]")
    ]
    [InlineData("website@[192.0.2.9]", null, "[192.0.2.9]")]
    public void The_greeting_has_a_name_that_a_strict_server_accepts_whatever_the_machine_is_called(
        string from,
        string? apiUrl,
        string expected
    ) => Assert.Equal(expected, Mail($"--Mail:From={from}", $"--Site:ApiUrl={apiUrl}").HeloName);

    [Theory]
    [
        InlineData("Mail:HeloName", "--Mail:HeloName=web"),
        InlineData("Mail:HeloName", "--Mail:HeloName=web example.com"),
        InlineData("Mail:HeloName", "--Mail:HeloName=web.example.com\r\nRSET"),
        InlineData("Mail:HeloName", "--Mail:HeloName=-web.example.com")
    ]
    [
        InlineData("Mail:From", "--Mail:From="),
        InlineData("Mail:From", "--Mail:From=website"),
        InlineData("Mail:From", "--Mail:From=a@example.com, b@example.com")
    ]
    [InlineData("Mail:From", "--Mail:From=Clinic\r\nBcc: x@example.com <a@example.com>")]
    [
        InlineData("Mail:Recipients:jonesboro", "--Mail:Recipients:jonesboro:0=nobody"),
        InlineData("Mail:Recipients:jonesboro", "--Mail:Recipients:jonesboro:0=")
    ]
    [InlineData("Mail:Recipients:jonesboro", "--Mail:Recipients:jonesboro:0=a@example.com\nBcc: b@example.com")]
    [
        InlineData("Mail:Security", "--Mail:Security=ssl"),
        InlineData("Mail:Port", "--Mail:Port=0"),
        InlineData("Mail:Port", "--Mail:Port=70000")
    ]
    [
        InlineData("Mail:TimeoutSeconds", "--Mail:TimeoutSeconds=0"),
        InlineData("Mail:TimeoutSeconds", "--Mail:TimeoutSeconds=121")
    ]
    [InlineData("Mail:Password", "--Mail:User=website"), InlineData("Mail:User", "--Mail:Password=hunter2")]
    [
        InlineData("Mail:Link", "--Mail:Link=messages/{reference}"),
        InlineData("Mail:Link", "--Mail:Link=https://example.com/\n{reference}"),
        InlineData("Mail:Host", "--Mail:Host=smtp example")
    ]
    public void A_wrong_mail_setting_is_named_in_one_sentence(string named, string setting)
    {
        var fault = Assert.ThrowsAny<Exception>(() => Mail(setting));
        Assert.True(fault is OptionsValidationException or StartupFault);
        Assert.StartsWith(named + " ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.DoesNotContain("hunter2", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [
        InlineData("Mail:TimeoutSeconds", "soon"),
        InlineData("Mail:Acknowledge", "maybe"),
        InlineData("Mail:Port", "smtp")
    ]
    public void A_mail_setting_of_the_wrong_type_is_named_with_its_value(string named, string value)
    {
        var fault = Assert.Throws<StartupFault>(() => Mail($"--{named}={value}"));
        Assert.StartsWith($"{named} is '{value}': set it to ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Theory]
    [
        InlineData("Url", "crm.example.com"),
        InlineData("Url", "ftp://crm.example.com"),
        InlineData("Url", "http://crm.example.com"),
        InlineData("Url", "https://user:hunter2@crm.example.com")
    ]
    [
        InlineData("Secrets:0", "hunter2"),
        InlineData("Secrets:0", "whsec_"),
        InlineData("Secrets:0", "whsec_hunter2!"),
        InlineData("Secrets:0", "whsec_aHVudGVyMg==")
    ]
    public void A_wrong_webhook_setting_is_named_and_no_secret_is_repeated(string setting, string value)
    {
        string[] good =
        [
            "--Webhooks:Endpoints:crm:Url=https://crm.example.com/",
            $"--Webhooks:Endpoints:crm:Secrets:0={Secret}",
        ];
        Assert.Equal("crm", Assert.Single(Webhooks(good).ReadEndpoints()).ToString());
        var fault = Assert.Throws<OptionsValidationException>(() =>
            Webhooks([.. good, $"--Webhooks:Endpoints:crm:{setting}={value}"])
        );
        Assert.StartsWith($"Webhooks:Endpoints:crm:{setting} ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("aHVudGVyMg", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_webhook_needs_a_secret_and_may_be_internal_only_if_allowed()
    {
        Assert.Throws<OptionsValidationException>(() =>
            Webhooks("--Webhooks:Endpoints:crm:Url=https://crm.example.com/")
        );
        Assert.Throws<StartupFault>(() => Webhooks("--Webhooks:AllowInternal=perhaps"));
        Assert.Single(
            Webhooks(
                    "--Webhooks:AllowInternal=true",
                    "--Webhooks:Endpoints:crm:Url=http://127.0.0.1:9/",
                    $"--Webhooks:Endpoints:crm:Secrets={Secret}"
                )
                .ReadEndpoints()
        );
    }

    [Fact]
    public async Task A_wrong_setting_stops_the_start()
    {
        await using var app = Program.Compose(["--Mail:Host=smtp.example.com"]);
        var fault = await Assert.ThrowsAsync<OptionsValidationException>(() => Startup.StartAsync(app));
        Assert.Equal(
            "Mail:From is not set: set it to the address that mails are sent from, like website@example.com.",
            fault.Message
        );
    }

    [Fact]
    public async Task The_log_lists_the_channels_in_one_line_and_names_locations_without_recipients()
    {
        await using (var off = await ApiFactory.StartAsync())
            await SaysAsync(off, "Information Notifications: none ");
        await using var on = await OutboxApi.StartAsync(
            "--Mail:Host=smtp.example.com",
            "--Mail:From=website@example.com",
            "--Mail:Recipients:jonesboro:0=a@example.com",
            "--Mail:Recipients:paragould:0=a@example.com",
            "--Mail:Recipients:paragould:1=b@example.com",
            "--Webhooks:Endpoints:crm:Url=https://crm.example.com/",
            $"--Webhooks:Endpoints:crm:Secrets:0={Secret}"
        );
        await SaysAsync(
            on,
            "Information Notifications: mail to 2 recipients by smtp.example.com:587 (STARTTLS), acknowledgements off, webhooks: crm "
        );
        await SaysAsync(on, "Warning Nobody gets a mail about messages to ash-flat: ");
        Assert.DoesNotContain("messages to jonesboro", on.Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, on.Log.Text, StringComparison.Ordinal);

        static async Task SaysAsync(ApiFactory api, string line)
        {
            using var patience = new CancellationTokenSource(OutboxApi.Patience);
            while (!api.Log.Text.Contains(line, StringComparison.Ordinal))
            {
                Assert.False(patience.IsCancellationRequested, $"{line}: {api.Log.Text}");
                await Task.Delay(1);
            }
        }
    }
}
