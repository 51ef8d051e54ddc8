using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Api.Tests.Deploy;

/// <summary>
/// nginx with the site of Api/deploy/nginx.conf, and with a folder, ports and a certificate of its own. Skipped without
/// nginx.
/// </summary>
sealed class Nginx : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    readonly TempFolder folder = new();
    readonly int port = ApiProcess.FreePort(),
        tlsPort = ApiProcess.FreePort();
    readonly X509Certificate2 certificate = NewCertificate();
    ChildProcess process = null!;

    /// <summary>Everything that it has logged about requests.</summary>
    public string Log =>
        File.ReadAllText(folder.File("clinic.log")) + File.ReadAllText(folder.File("clinic-error.log"));

    /// <param name="apiPort">Where the API listens, on 127.0.0.1.</param>
    public static async Task<Nginx> StartAsync(int apiPort)
    {
        var program = Tools.Need("nginx")[0];
        var nginx = new Nginx();
        try
        {
            await nginx.ServeAsync(program, apiPort);
            return nginx;
        }
        catch
        {
            await nginx.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client for <c>http://www.example.com</c> and <c>https://www.example.com</c>.</summary>
    /// <param name="address">Its own address. Those from 127.0.0.2 on are others than that of nginx.</param>
    public HttpClient ClientFrom(string address) =>
        new(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                ConnectCallback = async (context, ct) =>
                {
                    var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                    socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
                    var target = context.DnsEndPoint.Port == 443 ? tlsPort : port;
                    await socket.ConnectAsync(IPAddress.Loopback, target, ct);
                    return new NetworkStream(socket, ownsSocket: true);
                },
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = (_, presented, _, _) => certificate.Equals(presented),
                },
            }
        )
        {
            BaseAddress = new Uri("https://www.example.com"),
        };

    /// <summary>Puts a file in the place of the folder of temporary bodies, so that no body can be written there.</summary>
    public void ForbidTemporaryBodies()
    {
        if (!Directory.Exists(folder.File("body")))
            return;
        Directory.Delete(folder.File("body"), recursive: true);
        File.WriteAllText(folder.File("body"), "");
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
            await process.DisposeAsync();
        certificate.Dispose();
        folder.Dispose();
    }

    static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=www.example.com", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    async Task ServeAsync(string program, int apiPort)
    {
        await File.WriteAllTextAsync(folder.File("fullchain.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(
            folder.File("privkey.pem"),
            certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()
        );
        await File.WriteAllTextAsync(
            folder.File("site.conf"),
            DeployFiles.Read(
                "nginx.conf",
                ("listen 80;", $"listen 127.0.0.1:{port};"),
                ("listen 443 ssl http2;", $"listen 127.0.0.1:{tlsPort} ssl http2;"),
                ("listen [::]:80;", ""),
                ("listen [::]:443 ssl http2;", ""),
                ("/etc/letsencrypt/live/www.example.com/", folder.Path + "/"),
                ("/var/cache/nginx-clinic", folder.File("cache")),
                ("/var/log/nginx/", folder.Path + "/"),
                ("server 127.0.0.1:5080;", $"server 127.0.0.1:{apiPort};")
            )
        );
        // Root's nginx would work as another user, who may not look into the folder of the test.
        var user = Environment.IsPrivilegedProcess ? "user root root;" : "";
        await File.WriteAllTextAsync(
            folder.File("nginx.conf"),
            $$"""
            {{user}}
            daemon off;
            worker_processes 1;
            pid nginx.pid;
            events { worker_connections 64; }
            http {
                client_body_temp_path body;
                proxy_temp_path proxy;
                fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi;
                scgi_temp_path scgi;
                include site.conf;
            }

            """
        );
        process = new ChildProcess(program, folder.Path, "-e", "stderr", "-p", folder.Path, "-c", "nginx.conf");
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, tlsPort, patience.Token);
                return;
            }
            catch (SocketException) when (!process.HasExited)
            {
                await Task.Delay(20, patience.Token);
            }
            catch (SocketException)
            {
                Assert.Fail($"nginx has ended: {process.Log}");
            }
        }
    }
}
