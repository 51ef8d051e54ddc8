using System.Text;
using Api.CommandLine;
using Api.Outbox;
using MimeKit;

namespace Api.Tests.Outbox;

public sealed class MailTests
{
    static MimeMessage Read(TakenMail mail) => MimeMessage.Load(new MemoryStream(Encoding.UTF8.GetBytes(mail.Text)));

    static string Text(TakenMail mail) => Read(mail).TextBody!.ReplaceLineEndings("\n");

    [Fact]
    public async Task A_notice_has_the_reference_the_location_the_time_and_a_link_and_nothing_that_the_sender_wrote()
    {
        await using var server = new FaultyMailServer();
        await using var api = await OutboxApi.StartAsync(
            OutboxApi.Mail(
                server,
                "--Mail:Recipients:jonesboro:1=Second Desk <second@clinic.example.com>",
                "--Mail:Link=https://desk.example.com/messages/{reference}"
            )
        );
        var reference = await api.PostAsync();
        var rows = await api.DeliveredAsync(2);

        var mails = await server.TakenAsync(2);
        Assert.Equal([OutboxApi.FrontDesk, "second@clinic.example.com"], mails.Select(mail => Assert.Single(mail.To)));
        Assert.All(mails, mail => Assert.Equal("website@clinic.example.com", mail.From));
        var message = Read(mails[0]);
        Assert.Equal(
            ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-Id", "Subject", "To"],
            message
                .Headers.Select(header => header.Field)
                .Concat(message.Body!.Headers.Select(header => header.Field))
                .Distinct()
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal("\"Clinic\" <website@clinic.example.com>", message.From.ToString());
        Assert.Equal(OutboxApi.FrontDesk, message.To.ToString());
        Assert.Equal("\"Second Desk\" <second@clinic.example.com>", Read(mails[1]).To.ToString());
        Assert.Equal($"New message {reference} for Jonesboro", message.Subject);
        Assert.Equal("auto-generated", message.Headers[HeaderId.AutoSubmitted]);
        Assert.Equal($"{rows[0].DeliveryId}@clinic.example.com", message.MessageId);
        Assert.Equal(ApiFactory.Now, message.Date);
        Assert.Equal(
            $"""
            A message has arrived from the web site.

            Reference: {reference}
            Location: Jonesboro
            Received: Wednesday, July 1, 2026, 7:00 AM (CDT)
            Answer expected by: Thursday, July 2, 2026, 5:00 PM (CDT)

            https://desk.example.com/messages/{reference}

            """,
            Text(mails[0])
        );

        Assert.Equal([("delivered", 1, null), ("delivered", 1, null)], rows.Select(row => row.Outcome));
        Assert.DoesNotContain(mails, mail => mail.Text.Contains(OutboxApi.Marked, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(OutboxApi.Marked, api.Log.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_location_without_recipients_uses_those_of_all_locations_and_the_link_is_optional()
    {
        await using var server = new FaultyMailServer();
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server, "--Contact:ReplyWithinOpenHours=0"));
        var reference = await api.PostAsync("ash-flat");
        var mail = Assert.Single(await server.TakenAsync(1));
        Assert.Equal([OutboxApi.Elsewhere], mail.To);
        Assert.Equal(
            $"""
            A message has arrived from the web site.

            Reference: {reference}
            Location: Ash Flat
            Received: Wednesday, July 1, 2026, 7:00 AM (CDT)

            """,
            Text(mail)
        );
    }

    [Fact]
    public async Task An_acknowledgement_is_in_the_language_of_the_receipt_and_does_not_contain_the_message()
    {
        await using var server = new FaultyMailServer();
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server, "--Mail:Acknowledge=true"));
        await api.PostAsync(email: null);
        await api.DeliveredAsync(1);
        var reference = await api.PostAsync(language: "es");
        var rows = await api.DeliveredAsync(3);

        var mail = (await server.TakenAsync(3)).Single(mail => mail.To[0] == OutboxApi.Sender);
        var message = Read(mail);
        Assert.Equal(OutboxApi.Sender, message.To.ToString());
        Assert.Equal($"Hemos recibido su mensaje ({reference})", message.Subject);
        Assert.Equal("auto-replied", message.Headers[HeaderId.AutoSubmitted]);
        Assert.Equal(
            $"{rows.Single(row => row.Channel == "acknowledgement").DeliveryId}@clinic.example.com",
            message.MessageId
        );
        Assert.Equal(
            $"""
            Su mensaje para Jonesboro ha llegado. Su referencia es {reference}; indíquela cuando pregunte por el mensaje.
            Puede esperar una respuesta antes del jueves, 2 de julio de 2026, 17:00 (CDT).

            Este formulario no es para emergencias, y es posible que nadie lo lea enseguida. Si usted u otra persona está en peligro, llame al 911. En una crisis puede llamar o enviar un mensaje de texto al 988 a cualquier hora.

            """,
            Text(mail)
        );
        Assert.DoesNotContain("MARKED", mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(OutboxApi.Marked, api.Log.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [
        InlineData("a@example.com\r\nBcc: b@example.com"),
        InlineData("a@example.com\nSubject: x"),
        InlineData("a@example.com, b@example.com"),
        InlineData("<a@example.com> <b@example.com>")
    ]
    [
        InlineData("group: a@example.com, b@example.com;"),
        InlineData("\"a\r\nBcc: b\"@example.com"),
        InlineData("a@example.com\0"),
        InlineData("a"),
        InlineData("")
    ]
    public void A_text_that_is_not_exactly_one_address_is_refused(string address) =>
        Assert.False(MailAddress.TryRead(address, out _));

    [Fact]
    public async Task An_acknowledgement_whose_message_the_keys_do_not_open_is_given_up()
    {
        await using var server = new FaultyMailServer();
        server.Refuse();
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server, "--Mail:Acknowledge=true"));
        await api.PostAsync();
        await api.UntilAsync(rows => rows.All(row => row.Attempts == 1));
        await api.ExecuteAsync("UPDATE submissions SET sealed = @damaged", new { damaged = new byte[] { 0 } });
        server.Behave();
        api.Clock.Advance(TimeSpan.FromSeconds(6));
        var rows = await api.UntilAsync(rows => rows.All(row => row.State != "waiting"));
        Assert.Equal(
            [("delivered", 2, null), ("failed", 2, "the keys do not open the message, which has the sender's address")],
            rows.Select(row => row.Outcome)
        );
    }

    [Fact]
    public async Task A_server_that_is_down_costs_each_delivery_one_attempt_and_no_message_is_lost()
    {
        await using var server = new FaultyMailServer();
        server.Fail(SmtpStep.Greeting, "421 4.3.2 MARKED shutting down");
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server, "--Mail:Acknowledge=true"));
        await api.PostAsync();
        var rows = await api.UntilAsync(rows => rows is [{ Attempts: 1 }, { Attempts: 1 }]);
        Assert.All(
            rows,
            row => Assert.Equal(("waiting", 1, "the mail server answered 421 to the attempt to connect"), row.Outcome)
        );
        Assert.Single(await server.FailedAsync(1));

        server.Refuse();
        api.Clock.Advance(TimeSpan.FromSeconds(6));
        rows = await api.UntilAsync(rows => rows.All(row => row.Attempts == 2));
        Assert.All(rows, row => Assert.Equal(("waiting", 2, "the mail server cannot be reached"), row.Outcome));

        server.Behave();
        api.Clock.Advance(TimeSpan.FromMinutes(6));
        await api.DeliveredAsync(2);
        Assert.Equal(2, (await server.TakenAsync(2)).Length);
        Assert.Contains(
            "Warning Mail: 2 of 2 could not be delivered: the mail server cannot be reached",
            api.Log.Text,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(OutboxApi.Marked, api.Log.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [
        InlineData(nameof(SmtpStep.RcptTo), "550 5.1.1 MARKED", "the mail server answered 550 to the recipient"),
        InlineData(nameof(SmtpStep.RcptTo), "421 4.7.0 MARKED", "the mail server answered 421 to the recipient")
    ]
    [
        InlineData(nameof(SmtpStep.RcptTo), FaultyMailServer.Cut, "the connection to the mail server was cut"),
        InlineData(nameof(SmtpStep.AfterText), "552 5.2.2 MARKED", "the mail server answered 552 to the mail")
    ]
    public async Task A_fault_in_one_mail_does_not_affect_the_others(string step, string reply, string fault)
    {
        await using var server = new FaultyMailServer();
        server.Fail(Enum.Parse<SmtpStep>(step), reply, only: OutboxApi.FrontDesk);
        // Two recipients of one message, whose mails go out together.
        await using var api = await OutboxApi.StartAsync(
            OutboxApi.Mail(server, $"--Mail:Recipients:jonesboro:1={OutboxApi.Elsewhere}")
        );
        await api.PostAsync();
        var rows = await api.UntilAsync(rows => rows is [{ Attempts: 1 }, { Attempts: 1 }]);
        Assert.Equal([("waiting", 1, fault), ("delivered", 1, null)], rows.Select(row => row.Outcome));
        Assert.DoesNotContain(OutboxApi.Marked, api.Log.Text, StringComparison.OrdinalIgnoreCase);

        server.Behave();
        api.Clock.Advance(TimeSpan.FromMinutes(6));
        await api.DeliveredAsync(2);
    }

    [Theory]
    [
        InlineData(nameof(SmtpStep.Greeting), FaultyMailServer.Cut, "the connection to the mail server was cut"),
        InlineData(
            nameof(SmtpStep.Hello),
            "554 5.3.0 MARKED",
            "the mail server answered 554 to the greeting EHLO clinic.example.com: set Mail:HeloName to a name that it accepts"
        )
    ]
    [InlineData(
        nameof(SmtpStep.Greeting),
        "554 5.3.2 MARKED",
        "the mail server answered 554 to the attempt to connect"
    )]
    [InlineData(
        nameof(SmtpStep.RcptTo),
        "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname",
        "the mail server answered 504 to the greeting EHLO clinic.example.com: set Mail:HeloName to a name that it accepts"
    )]
    [
        InlineData(
            nameof(SmtpStep.MailFrom),
            "553 5.1.8 MARKED",
            "the mail server answered 553 to the address in Mail:From"
        ),
        InlineData(nameof(SmtpStep.Data), "451 4.3.0 MARKED", "the mail server answered 451 to the mail")
    ]
    [InlineData(nameof(SmtpStep.InText), FaultyMailServer.Cut, "the connection to the mail server was cut")]
    public async Task A_fault_is_described_in_the_programs_words_and_the_mail_comes_later(
        string step,
        string reply,
        string fault
    )
    {
        await using var server = new FaultyMailServer();
        server.Fail(Enum.Parse<SmtpStep>(step), reply);
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server));
        await api.PostAsync();
        Assert.Equal(("waiting", 1, fault), (await api.UntilAsync(rows => rows is [{ Attempts: 1 }]))[0].Outcome);
        server.Behave();
        api.Clock.Advance(TimeSpan.FromSeconds(6));
        await api.DeliveredAsync(1);
        Assert.Single(await server.TakenAsync(1));
        Assert.DoesNotContain(OutboxApi.Marked, api.Log.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Two_broken_connections_with_a_success_between_them_do_not_hold_up_other_mails()
    {
        await using var server = new FaultyMailServer();
        server.Refuse();
        await using var api = await OutboxApi.StartAsync(
            OutboxApi.Mail(
                server,
                [
                    .. Enumerable
                        .Range(0, 5)
                        .Select(i =>
                            $"--Mail:Recipients:jonesboro:{i}={(i is 0 or 2 ? "broken" : "good")}.{i}@clinic.example.com"
                        ),
                ]
            )
        );
        await api.PostAsync();
        await api.UntilAsync(rows => rows.Length == 5 && rows.All(row => row.Attempts == 1));
        server.Fail(SmtpStep.RcptTo, FaultyMailServer.Cut, only: "broken.");
        // All were put off by chance for a little more than five seconds or less; now they go in the order of the
        // recipients.
        await api.ExecuteAsync("UPDATE outbox SET due_at = ''");
        api.Clock.Advance(TimeSpan.FromSeconds(6));
        var rows = await api.UntilAsync(rows => rows.All(row => row.Attempts == 2));
        Assert.Equal(["waiting", "delivered", "waiting", "delivered", "delivered"], rows.Select(row => row.State));
    }

    public static TheoryData<string, string, string, string> Domains =>
        new()
        {
            // From, recipient, sender of the message, EHLO
            {
                "website@xn--clnica-4va.example",
                "desk@clinic.example.com",
                "sam@example.com",
                "xn--clnica-4va.example"
            },
            { "website@clínica.example", "desk@clinic.example.com", "sam@example.com", "xn--clnica-4va.example" },
            {
                "Clínica <website@clinic.example.com>",
                "Recepción <desk@clínica.example>",
                "sam@example.com",
                "clinic.example.com"
            },
            {
                "website@clinic.example.com",
                "desk@xn--clnica-4va.example",
                "sam@xn--bcher-kva.example",
                "clinic.example.com"
            },
            {
                "website@clinic.example.com",
                "desk@sub.クリニック.example",
                "sam@xn--clnica-0va.example",
                "clinic.example.com"
            },
            {
                "website@clinic.example.com",
                "josé@clinic.example.com",
                "sam@xn--bcher-kva.example",
                "clinic.example.com"
            },
        };

    [Theory]
    [MemberData(nameof(Domains))]
    public async Task A_mail_asks_for_SMTPUTF8_only_for_letters_before_the_at_sign(
        string from,
        string recipient,
        string sender,
        string ehlo
    )
    {
        await using var server = new FaultyMailServer();
        await using var api = await OutboxApi.StartAsync(
            "--Mail:Host=127.0.0.1",
            $"--Mail:Port={server.Port}",
            "--Mail:Security=None",
            $"--Mail:From={from}",
            $"--Mail:Recipients:*:0={recipient}",
            "--Mail:Acknowledge=true"
        );
        await api.PostAsync(email: sender);
        await api.DeliveredAsync(2);
        var mails = await server.TakenAsync(2);
        Assert.Contains($"EHLO {ehlo}", server.Commands);
        Assert.Equal(
            recipient.StartsWith("josé", StringComparison.Ordinal) ? 1 : 0,
            server.Commands.Count(command => command.Contains("SMTPUTF8", StringComparison.Ordinal))
        );
        foreach (var mail in mails.Where(mail => !mail.To[0].StartsWith("josé", StringComparison.Ordinal)))
        {
            Assert.All([mail.From, .. mail.To], address => Assert.True(System.Text.Ascii.IsValid(address), address));
            Assert.True(System.Text.Ascii.IsValid(mail.Text.Split("\r\n\r\n")[0]), mail.Text);
        }
        Assert.Contains(mails, mail => mail.To[0] == sender);
    }

    [Theory]
    [
        InlineData("web.example.org", "web.example.org"),
        InlineData("[192.0.2.1]", "[192.0.2.1]"),
        InlineData("192.0.2.1", "[192.0.2.1]"),
        InlineData("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]")
    ]
    [InlineData("clínica.example", "xn--clnica-4va.example")]
    public async Task The_greeting_has_the_configured_name(string name, string ehlo)
    {
        await using var server = new FaultyMailServer();
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server, $"--Mail:HeloName={name}"));
        await api.PostAsync();
        await server.TakenAsync(1);
        Assert.Contains($"EHLO {ehlo}", server.Commands);
    }

    [Theory]
    [
        InlineData("sam@localhost"),
        InlineData("root@localhost"),
        InlineData("sam@LOCALHOST"),
        InlineData("sam@mailhost"),
        InlineData("sam@localhost.localdomain"),
        InlineData("sam@web.localhost")
    ]
    [
        InlineData("sam@printer.local"),
        InlineData("sam@db.internal"),
        InlineData("sam@nas.lan"),
        InlineData("sam@nas.home.arpa"),
        InlineData("sam@127.0.0.1"),
        InlineData("sam@10.1"),
        InlineData("sam@192.168.1.1")
    ]
    [
        InlineData("sam@[127.0.0.1]"),
        InlineData("sam@[IPv6:::1]"),
        InlineData("a%b@example.com"),
        InlineData("sam%localhost@example.com"),
        InlineData("a!b@example.com"),
        InlineData("|sh@example.com")
    ]
    [
        InlineData("/tmp/x@example.com"),
        InlineData("-oQ@example.com"),
        InlineData("<@example.com,@example.org:sam@example.net>"),
        InlineData("\"a b\"@example.com"),
        InlineData("sam@example..com")
    ]
    public void An_address_that_leads_into_the_clinics_network_gets_no_mail(string address) =>
        Assert.False(OutsideAddress.TryRead(address, out _));

    [Theory]
    [
        InlineData("sam@example.com"),
        InlineData("sam.o'example+clinic@mail.example.com"),
        InlineData("sam@xn--bcher-kva.example"),
        InlineData("sam@localhost.example"),
        InlineData("sam@local.example.com")
    ]
    [
        InlineData("root@example.com"),
        InlineData("a=b@example.com"),
        InlineData("sam@3com.example"),
        InlineData("sam@example.museum")
    ]
    public void An_address_on_the_internet_gets_mail(string address) =>
        Assert.True(OutsideAddress.TryRead(address, out _));

    [Fact]
    public async Task A_sender_with_an_address_of_this_machine_gets_no_mail_and_the_staff_do()
    {
        await using var server = new FaultyMailServer();
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server, "--Mail:Acknowledge=true"));
        await api.PostAsync(email: "root@localhost");
        var rows = await api.UntilAsync(rows => rows.Length == 2 && rows.All(row => row.State != "waiting"));
        Assert.Equal(
            [("delivered", 1, null), ("failed", 1, "the sender's address cannot be written to")],
            rows.Select(row => row.Outcome)
        );
        Assert.Equal([OutboxApi.FrontDesk], Assert.Single(await server.TakenAsync(1)).To);
        Assert.Equal("ok", (string?)(await api.GetAsync("/health/outbox"))["status"]);
    }

    [Fact]
    public async Task One_mailbox_gets_three_acknowledgements_a_day_however_its_address_is_written()
    {
        await using var server = new FaultyMailServer();
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server, "--Mail:Acknowledge=true"));
        for (var i = 0; i < 4; i++)
        {
            foreach (
                var victim in new[]
                {
                    "sam.example@example.com",
                    "Sam.Example@EXAMPLE.com",
                    "samexample+a@example.com",
                    "sam.example+b@example.com",
                }
            )
                await api.PostAsync(email: victim);
        }
        await api.PostAsync(email: "another@example.com");
        var rows = await api.UntilAsync(rows => rows.All(row => row.State == "delivered"));
        // The staff are told of each.
        Assert.Equal(
            (17, 4),
            (rows.Count(row => row.Channel == "mail"), rows.Count(row => row.Channel == "acknowledgement"))
        );
        await api.UntilAsync(_ => api.Clock.GetUtcNow() >= ApiFactory.Now.AddDays(1), step: TimeSpan.FromHours(1));
        await api.PostAsync(email: "sam.example@example.com");
        Assert.Equal(5, (await api.DeliveredAsync(23)).Count(row => row.Channel == "acknowledgement"));
        Assert.DoesNotContain(
            await api.RowsAsync<byte[]>("SELECT address FROM acknowledged_addresses"),
            address => Encoding.Latin1.GetString(address).Contains("example", StringComparison.OrdinalIgnoreCase)
        );
    }

    [Fact]
    public async Task A_recipient_removed_from_the_settings_gets_nothing_and_one_written_differently_gets_everything()
    {
        using var folder = new TempFolder();
        await using var server = new FaultyMailServer();
        server.Refuse();
        string[] common =
        [
            .. OutboxApi.Mail(server).Where(setting => !setting.Contains("Recipients", StringComparison.Ordinal)),
            "--Mail:Recipients:paragould:0=gone@clinic.example.com",
        ];
        string[] gone = ["gone@clinic.example.com", "stays@clinic.example.com"];
        await using (
            var api = await OutboxApi.StartOnAsync(
                folder,
                [
                    .. common,
                    "--Mail:Acknowledge=true",
                    .. gone.Select((recipient, i) => $"--Mail:Recipients:jonesboro:{i}={recipient}"),
                ]
            )
        )
        {
            await api.PostAsync();
            await api.UntilAsync(rows => rows.Length == 3 && rows.All(row => row.Attempts == 1));
            await api.App.StopAsync();
        }
        server.Behave();
        await using var without = await ApiFactory.StartAsync(factory =>
        {
            factory.Settings.AddRange([
                $"--Database:Folder={folder.Path}",
                $"--Keys:Folder={folder.Keys}",
                .. common,
                "--Mail:Recipients:jonesboro:0=Front Desk <Stays@Clinic.example.com>",
            ]);
            factory.Clock.Advance(TimeSpan.FromHours(1));
        });
        var rows = await without.UntilAsync(rows => rows.All(row => row.State != "waiting"));
        Assert.Equal(
            [
                ("failed", 1, "this recipient is no longer configured"),
                ("delivered", 2, null),
                ("failed", 1, "acknowledgements are no longer configured"),
            ],
            rows.Select(row => row.Outcome)
        );

        // Neither does it get what is sent again, while all others do.
        Assert.Equal(0, await OutboxCommands.RetryAsync(without.App.Services, null, TextWriter.Null, default));
        await without.PostAsync();
        rows = await without.UntilAsync(rows => rows is [_, _, _, { State: "delivered" }], step: OutboxApi.Step);
        Assert.Equal(["waiting", "delivered", "waiting", "delivered"], rows.Select(row => row.State));
        Assert.All(
            await server.TakenAsync(2),
            mail => Assert.Equal("stays@clinic.example.com", mail.To[0], ignoreCase: true)
        );
    }

    [Fact]
    public async Task An_answer_that_was_lost_after_the_mail_was_taken_repeats_it_with_the_same_id()
    {
        await using var server = new FaultyMailServer();
        server.Fail(SmtpStep.AfterText, FaultyMailServer.Cut);
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server));
        await api.PostAsync();
        await api.UntilAsync(rows => rows is [{ Attempts: 1 }]);
        server.Behave();
        api.Clock.Advance(TimeSpan.FromSeconds(6));
        await api.DeliveredAsync(1);
        var mails = await server.TakenAsync(2);
        Assert.Equal(Read(mails[0]).MessageId, Read(mails[1]).MessageId);
    }

    [Theory]
    [
        InlineData(nameof(SmtpStep.Greeting)),
        InlineData(nameof(SmtpStep.Hello)),
        InlineData(nameof(SmtpStep.RcptTo)),
        InlineData(nameof(SmtpStep.AfterText))
    ]
    public async Task A_server_that_falls_silent_is_given_up_after_the_configured_time(string step)
    {
        await using var server = new FaultyMailServer();
        server.Fail(Enum.Parse<SmtpStep>(step), FaultyMailServer.Silence);
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server, "--Mail:TimeoutSeconds=10"));
        await api.PostAsync();
        await server.FailedAsync(1);
        api.Clock.Advance(TimeSpan.FromSeconds(11));
        var rows = await api.UntilAsync(rows => rows is [{ Attempts: 1 }]);
        Assert.Equal(("waiting", 1, "the mail server did not answer in time"), rows[0].Outcome);
    }

    [Fact]
    public async Task A_server_without_STARTTLS_gets_no_mail_in_clear()
    {
        await using var server = new FaultyMailServer();
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server, "--Mail:Security=StartTls"));
        await api.PostAsync();
        var rows = await api.UntilAsync(rows => rows is [{ Attempts: 1 }]);
        Assert.Equal(("waiting", 1, "the mail server does not offer STARTTLS"), rows[0].Outcome);
        Assert.Empty(await server.TakenAsync(0));
    }

    [Fact]
    public async Task Shutting_down_does_not_wait_for_a_slow_server_and_what_was_under_way_is_delivered_after_the_next_start()
    {
        using var folder = new TempFolder();
        await using var server = new FaultyMailServer();
        server.Fail(SmtpStep.Data, FaultyMailServer.Silence);
        await using (var api = await OutboxApi.StartOnAsync(folder, OutboxApi.Mail(server)))
        {
            await api.PostAsync();
            await server.FailedAsync(1);
            await api.App.StopAsync().WaitAsync(OutboxApi.Patience / 4);
            Assert.Equal(("waiting", 0, null), Assert.Single(await api.RowsAsync()).Outcome);
        }
        server.Behave();
        await using var again = await OutboxApi.StartOnAsync(folder, OutboxApi.Mail(server));
        await again.DeliveredAsync(1);
        Assert.Single(await server.TakenAsync(1));
    }

    [Fact]
    [AnyEngine]
    public async Task Mail_goes_to_a_real_server_with_TLS_and_a_login_where_its_certificate_is_trusted()
    {
        await using var server = await MailServer.StartAsync();
        string[] settings =
        [
            "notify",
            "test",
            "--Mail:Host=localhost",
            $"--Mail:Port={server.LoginPort}",
            $"--Mail:From=website@{MailServer.Domain}",
            $"--Mail:User={MailServer.UserName}",
            $"--Mail:Password={MailServer.Password}",
            $"--Mail:Recipients:*:0=front.desk@{MailServer.Domain}",
            $"--Mail:Recipients:*:1={MailServer.Unknown}",
        ];
        var (exitCode, output, _) = await ApiProcess.RunAsync(settings);
        Assert.Equal(
            (
                1,
                $"mail to front.desk@{MailServer.Domain}: TLS with the mail server failed: its certificate is not trusted here or not for that name"
            ),
            (exitCode, output.Split('\n')[0].Trim())
        );

        (exitCode, output, _) = await ApiProcess.RunTrustingAsync(server.CertificateFile, settings);
        Assert.Equal(
            $"mail to front.desk@{MailServer.Domain}: taken by the mail server\nmail to {MailServer.Unknown}: the mail server answered 550 to the recipient\n",
            output.ReplaceLineEndings("\n")
        );
        Assert.Equal(1, exitCode);
        Assert.Equal("Test message of the web site", Assert.Single(await server.ReceivedAsync(1)).Subject);

        (_, output, _) = await ApiProcess.RunTrustingAsync(
            server.CertificateFile,
            [.. settings, "--Mail:Password=wrong"]
        );
        Assert.Contains(
            "front.desk@clinic.example.com: the mail server refused the user or the password",
            output,
            StringComparison.Ordinal
        );
        (exitCode, output, _) = await ApiProcess.RunTrustingAsync(
            server.CertificateFile,
            [
                .. settings[..^1],
                "--Mail:Security=Tls",
                $"--Mail:Port={server.TlsPort}",
                "--Mail:User=",
                "--Mail:Password=",
            ]
        );
        Assert.Equal(
            (0, $"mail to front.desk@{MailServer.Domain}: taken by the mail server"),
            (exitCode, output.Trim())
        );
    }

    [Fact]
    public async Task A_location_whose_name_has_a_line_break_makes_no_header()
    {
        await using var server = new FaultyMailServer();
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server));
        await api.ExecuteAsync(
            "UPDATE locations SET name = @name WHERE slug = 'jonesboro'",
            new { name = "Jones\r\nBcc: x@example.com" }
        );
        await api.PostAsync();
        var mail = Assert.Single(await server.TakenAsync(1));
        Assert.Equal([OutboxApi.FrontDesk], mail.To);
        Assert.Null(Read(mail).Headers[HeaderId.Bcc]);
        Assert.EndsWith("for Jones  Bcc: x@example.com", Read(mail).Subject, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_is_notified_about_a_message_in_quarantine()
    {
        await using var server = new FaultyMailServer();
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server));
        using (
            var response = await api.Client.PostAsync(
                "/v1/contact-submissions",
                new StringContent(
                    """{ "name": "A", "email": "a@example.com", "preferredContact": "email", "location": "jonesboro", "message": "Hello.", "consent": true, "website": "https://example.com" }""",
                    Encoding.UTF8,
                    "application/json"
                )
            )
        )
        {
            Assert.Equal(201, (int)response.StatusCode);
        }
        await api.PostAsync();
        await api.DeliveredAsync(1);
        Assert.Single(await server.TakenAsync(1));
    }
}
