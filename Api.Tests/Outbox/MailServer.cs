using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using MimeKit;

namespace Api.Tests.Outbox;

/// <summary>
/// Postfix, with a folder, ports and a certificate of its own, so that several can run at once. It delivers what is for
/// <see cref="Domain"/>, knows all addresses there but <see cref="Unknown"/>, and refuses to relay to any other domain.
/// Skipped without Postfix, or when not root.
/// </summary>
sealed class MailServer : IAsyncDisposable
{
    public const string Domain = "clinic.example.com";
    public const string Unknown = $"unknown@{Domain}";
    public const string UserName = $"website@{Domain}",
        Password = "correct horse battery";

    readonly TempFolder folder = new();
    readonly Arrivals<bool> deliveries = new();
    readonly string program,
        settings,
        mailbox;
    FileSystemWatcher watcher = null!;
    ChildProcess postfix = null!;

    MailServer(string program) =>
        (this.program, settings, mailbox) = (program, folder.File("etc"), folder.File("mail/new"));

    /// <summary>Offers STARTTLS and takes mail with or without, from anybody.</summary>
    public int Port { get; } = ApiProcess.FreePort();

    /// <summary>TLS from the first byte; takes mail from anybody.</summary>
    public int TlsPort { get; } = ApiProcess.FreePort();

    /// <summary>Insists on STARTTLS and on a login as <see cref="UserName"/>.</summary>
    public int LoginPort { get; } = ApiProcess.FreePort();

    /// <summary>Self-signed, for <c>localhost</c> and <c>127.0.0.1</c>.</summary>
    public X509Certificate2 Certificate { get; } = NewCertificate();

    /// <summary>The certificate in PEM, without its key.</summary>
    public string CertificateFile => folder.File("certificate.pem");

    /// <summary>What Postfix has logged.</summary>
    public string Log => postfix.Log;

    public static async Task<MailServer> StartAsync()
    {
        var tools = Tools.Need("postfix", "saslpasswd2");
        Tools.Need(Environment.IsPrivilegedProcess, "Postfix can only be started by root");
        var server = new MailServer(tools[0]);
        try
        {
            await server.ConfigureAsync(tools[1]);
            await server.ServeAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>All mails delivered, the oldest first, once there are so many.</summary>
    public async Task<MimeMessage[]> ReceivedAsync(int count)
    {
        await deliveries.WaitAsync(count);
        var files = new DirectoryInfo(mailbox)
            .GetFiles()
            .OrderBy(file => file.LastWriteTimeUtc)
            .ThenBy(file => file.Name, StringComparer.Ordinal);
        return await Task.WhenAll(files.Select(file => MimeMessage.LoadAsync(file.FullName)));
    }

    public async ValueTask DisposeAsync()
    {
        watcher?.Dispose();
        if (postfix is not null)
        {
            // Its processes are not all children of the one that was started.
            await using (var stop = new ChildProcess(program, folder.Path, "-c", settings, "stop"))
                await stop.ExitAsync();
            await postfix.DisposeAsync();
        }

        Certificate.Dispose();
        folder.Dispose();
    }

    static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    async Task ConfigureAsync(string saslpasswd)
    {
        // Postfix works as several users, none of which may look into root's folder.
        Allow(folder.Path, "rwx--x--x");
        foreach (var made in (string[])["queue", "etc", "etc/sasl", "mail", "mail/new", "mail/cur", "mail/tmp"])
            Directory.CreateDirectory(folder.File(made));
        foreach (var nobodys in (string[])["mail", "mail/new", "mail/cur", "mail/tmp"])
            Allow(folder.File(nobodys), "rwxrwxrwx");

        await File.WriteAllTextAsync(CertificateFile, Certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(
            folder.File("etc/tls.pem"),
            $"{Certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}\n{Certificate.ExportCertificatePem()}\n"
        );
        Allow(folder.File("etc/tls.pem"), "rw-------");

        await using (
            var sasl = new ChildProcess(
                saslpasswd,
                folder.Path,
                "-p",
                "-c",
                "-f",
                folder.File("etc/sasl/users"),
                "-u",
                Domain,
                UserName.Split('@')[0]
            )
        )
        {
            await sasl.SendAsync(Password);
            Assert.True(await sasl.ExitAsync() == 0, sasl.Log);
        }
        Allow(folder.File("etc/sasl/users"), "rw-r--r--");
        await File.WriteAllTextAsync(
            folder.File("etc/sasl/smtpd.conf"),
            $"""
            pwcheck_method: auxprop
            auxprop_plugin: sasldb
            sasldb_path: {folder.File("etc/sasl/users")}
            mech_list: PLAIN LOGIN

            """
        );

        await File.WriteAllTextAsync(folder.File("etc/mailboxes"), $"!/^{Regex.Escape(Unknown)}$/ mail/\n");
        await File.WriteAllTextAsync(
            folder.File("etc/main.cf"),
            $"""
            compatibility_level = 3.6
            myhostname = mail.{Domain}
            mydestination =
            alias_maps =
            local_recipient_maps =
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            smtpd_peername_lookup = no
            queue_directory = {folder.File("queue")}
            data_directory = {folder.File("data")}
            maillog_file = /dev/stdout
            virtual_mailbox_domains = {Domain}
            virtual_mailbox_maps = regexp:{folder.File("etc/mailboxes")}
            virtual_mailbox_base = {folder.Path}
            virtual_uid_maps = static:65534
            virtual_gid_maps = static:65534
            smtpd_relay_restrictions = reject_unauth_destination
            smtpd_tls_security_level = may
            smtpd_tls_chain_files = {folder.File("etc/tls.pem")}
            smtpd_tls_auth_only = yes
            smtpd_sasl_auth_enable = yes
            smtpd_sasl_local_domain = {Domain}

            """
        );
        await File.WriteAllTextAsync(
            folder.File("etc/master.cf"),
            $"""
            127.0.0.1:{Port} inet n - n - - smtpd
            127.0.0.1:{TlsPort} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
            127.0.0.1:{LoginPort} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt -o smtpd_client_restrictions=permit_sasl_authenticated,reject
            cleanup unix n - n - 0 cleanup
            qmgr unix n - n 300 1 qmgr
            tlsmgr unix - - n 1000? 1 tlsmgr
            rewrite unix - - n - - trivial-rewrite
            bounce unix - - n - 0 bounce
            defer unix - - n - 0 bounce
            trace unix - - n - 0 bounce
            proxymap unix - - n - - proxymap
            error unix - - n - - error
            virtual unix - n n - - virtual
            anvil unix - - n - 1 anvil
            postlog unix-dgram n - n - 1 postlogd

            """
        );
    }

    async Task ServeAsync()
    {
        watcher = new FileSystemWatcher(mailbox);
        watcher.Created += (_, _) => deliveries.Add(true);
        watcher.EnableRaisingEvents = true;

        postfix = new ChildProcess(program, folder.Path, "-c", settings, "start-fg");
        // It says so once it listens on all its ports.
        for (var lines = 0; !postfix.Log.Contains("daemon started", StringComparison.Ordinal); )
            lines = (await postfix.LinesAsync(lines + 1)).Length;
    }

    /// <param name="path">A file or folder.</param>
    /// <param name="mode">As <c>ls -l</c> shows it.</param>
    static void Allow(string path, string mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(
                path,
                (UnixFileMode)mode.Aggregate(0, (bits, letter) => bits << 1 | (letter == '-' ? 0 : 1))
            );
    }
}
