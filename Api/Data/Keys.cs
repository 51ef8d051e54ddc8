using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Api.CommandLine;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption.ConfigurationModel;
using Microsoft.Extensions.Options;

namespace Api.Data;

/// <summary>
/// The keys that what is secret in the database is sealed with. They lie in a folder apart from it: who has only one of the
/// two can read nothing.
/// </summary>
/// <remarks>
/// ASP.NET Core Data Protection keeps a ring of keys, makes a new one every 90 days and opens what an old one sealed. Hashes
/// cannot change with it, or nothing would be found again; so they are keyed by one root secret, which is made once and is
/// itself sealed by the ring.
/// </remarks>
sealed class Keys(IDataProtectionProvider ring, IOptions<KeysOptions> options, IHostEnvironment environment)
{
    const int SecretBytes = 32;

    readonly Lazy<byte[]> root = new(() => ReadOrMake(ring.CreateProtector("root"), FolderOf(options.Value, environment)));

    /// <summary>Where the keys lie, an absolute path.</summary>
    public string Folder => FolderOf(options.Value, environment);

    /// <summary>Whether a certificate protects them there.</summary>
    public bool IsProtected => options.Value.Certificates.Count > 0;

    /// <summary>Makes the keys where there are none yet, and makes sure that they can be used.</summary>
    /// <exception cref="StartupFault">They cannot.</exception>
    public void Open() => _ = root.Value;

    /// <summary>Seals for one purpose, with the newest key of the ring.</summary>
    public IDataProtector Sealer(string purpose) => ring.CreateProtector(purpose);

    /// <summary>A secret of 32 bytes for one purpose, always the same one (HKDF, RFC 5869).</summary>
    /// <exception cref="StartupFault">The keys cannot be read or made.</exception>
    public byte[] Secret(string purpose) =>
        HKDF.Expand(HashAlgorithmName.SHA256, root.Value, SecretBytes, Encoding.UTF8.GetBytes(purpose));

    /// <summary>Sets up the ring. Certificates are read now; keys are not read or made before they are needed.</summary>
    /// <exception cref="StartupFault">A certificate cannot be used, or the keys are to lie with the database.</exception>
    public static void Add(WebApplicationBuilder builder)
    {
        var section = builder.Configuration.GetSection("Keys");
        builder.Services.Configure<KeysOptions>(section);
        builder.Services.AddSingleton<Keys>();

        var settings = section.Get<KeysOptions>() ?? new KeysOptions();
        var folder = FolderOf(settings, builder.Environment);
        var database = builder.Configuration.GetSection("Database").Get<DatabaseOptions>() ?? new DatabaseOptions();
        var databaseFolder = Path.GetFullPath(Path.Combine(builder.Environment.ContentRootPath, database.Folder));
        var fromDatabase = Path.GetRelativePath(databaseFolder, folder);
        if (!Path.IsPathRooted(fromDatabase) && fromDatabase.Split(Path.DirectorySeparatorChar)[0] != "..")
            throw new StartupFault($"Keys:Folder {folder} is in the database's folder, so a copy of one would be a copy of both: set it to a folder elsewhere.");

        var protection = builder.Services.AddDataProtection()
            .SetApplicationName("clinic")
            .PersistKeysToFileSystem(new DirectoryInfo(folder))
            .UseCryptographicAlgorithms(new AuthenticatedEncryptorConfiguration { EncryptionAlgorithm = EncryptionAlgorithm.AES_256_GCM });
        X509Certificate2[] certificates = [.. settings.Certificates.Select(Load)];
        if (certificates.Length == 0) return;
        protection.ProtectKeysWithCertificate(certificates[0]);
        protection.UnprotectKeysWithAnyCertificate(certificates);
    }

    static string FolderOf(KeysOptions options, IHostEnvironment environment) =>
        Path.GetFullPath(Path.Combine(environment.ContentRootPath, options.Folder));

    static X509Certificate2 Load(KeyCertificate certificate)
    {
        try
        {
            return X509CertificateLoader.LoadPkcs12FromFile(certificate.File, certificate.Password);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartupFault($"The certificate '{certificate.File}' of Keys:Certificates cannot be read: correct its file or password. ({e.Message})", e);
        }
    }

    static byte[] ReadOrMake(IDataProtector sealer, string folder)
    {
        var file = Path.Combine(folder, "root.key");
        try
        {
            MakeFolder(folder);
            if (!File.Exists(file))
            {
                // Under its final name only once it is whole; whoever comes second takes what is there.
                var partial = Path.Combine(folder, $".root.key.{Guid.NewGuid():N}");
                using (var stream = new FileStream(partial, PrivateFile()))
                {
                    stream.Write(sealer.Protect(RandomNumberGenerator.GetBytes(SecretBytes)));
                    stream.Flush(flushToDisk: true);
                }
                try
                {
                    File.Move(partial, file);
                }
                catch (IOException) when (File.Exists(file))
                {
                    File.Delete(partial);
                }
                // The ring's first key was made just now too. No message may be acknowledged that a power cut could leave without its key.
                foreach (var key in Directory.EnumerateFiles(folder))
                {
                    using var handle = File.OpenHandle(key, access: FileAccess.ReadWrite);
                    RandomAccess.FlushToDisk(handle);
                }
            }
            return sealer.Unprotect(File.ReadAllBytes(file));
        }
        catch (CryptographicException e)
        {
            throw new StartupFault($"The keys in {folder} do not belong together, or their certificate is missing: restore the whole folder from a backup. ({e.Message})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupFault($"The folder {folder} of the keys cannot be used: give this user access to it or set Keys:Folder to another. ({e.Message})", e);
        }
    }

    static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    static FileStreamOptions PrivateFile()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }
}
