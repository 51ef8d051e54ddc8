using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption.ConfigurationModel;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
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
sealed class Keys
{
    const int SecretBytes = 32;

    readonly IDataProtectionProvider ring;
    readonly IDataProtector rootSealer;
    readonly IKeyManager manager;
    readonly KeyRepository repository;
    readonly string rootFile;
    readonly Lock gate = new();
    byte[]? root, sealedRoot;
    string[] files = [];

    public Keys(IDataProtectionProvider ring, IKeyManager manager, KeyRepository repository, IOptions<KeysOptions> options, IHostEnvironment environment)
    {
        (this.ring, this.manager, this.repository) = (ring, manager, repository);
        rootSealer = ring.CreateProtector("root");
        Folder = FolderOf(options.Value, environment);
        rootFile = Path.Combine(Folder, "root.key");
        IsProtected = options.Value.Certificates.Count > 0;
        repository.Stored = file =>
        {
            lock (gate) files = [.. files, file];
        };
    }

    /// <summary>Where the keys lie, an absolute path.</summary>
    public string Folder { get; }

    /// <summary>Whether a certificate protects them there.</summary>
    public bool IsProtected { get; }

    /// <summary>Reads the keys and makes sure that they can be used.</summary>
    /// <param name="mayMake">Whether to make them where there are none. Not when there are messages that other keys have sealed.</param>
    /// <param name="acceptLoss">Whether to make new ones in the place of keys that cannot be used. Those are kept under names that end in <c>.lost</c>.</param>
    /// <exception cref="StartupFault">They are missing or cannot be used. Nothing was written.</exception>
    public void Open(bool mayMake, bool acceptLoss = false)
    {
        try
        {
            mayMake |= acceptLoss;
            if (mayMake) PrivateFiles.CreateFolder(Folder);
            if (Directory.Exists(Folder)) PrivateFiles.DeletePartials(Folder);
            if (acceptLoss && File.Exists(rootFile) && !CanUnseal(File.ReadAllBytes(rootFile))) SetAside();
            if (!File.Exists(rootFile))
            {
                if (!mayMake)
                {
                    throw new StartupFault($"The keys in {Folder} do not open the messages in the database, since root.key is missing there: restore all keys from a backup or " +
                        "correct Keys:Folder. If they are lost for good, start with --Keys:AcceptLoss=true; the messages from before then stay unreadable.");
                }
                Make();
            }

            sealedRoot = File.ReadAllBytes(rootFile);
            if (!CanUnseal(sealedRoot))
            {
                throw new StartupFault($"The keys in {Folder} do not belong together, or their certificate is missing: restore the whole folder from a backup or set " +
                    "Keys:Certificates. If they are lost for good, start with --Keys:AcceptLoss=true; the messages from before then stay unreadable.");
            }
            // The ring may renew itself from now on, as long as its folder is there.
            repository.MayStore = () => File.Exists(rootFile);
            root = rootSealer.Unprotect(sealedRoot);
            lock (gate) files = [rootFile, .. Directory.GetFiles(Folder, "key-*.xml")];
        }
        catch (Exception e) when (FindFileError(e) is { } cause)
        {
            throw new StartupFault($"The folder {Folder} of the keys cannot be used: give this user write access to it and to its files, or set Keys:Folder to another. ({cause.Message})", e);
        }
        catch (Exception e) when (e is CryptographicException or XmlException)
        {
            throw new StartupFault($"The keys in {Folder} are damaged: restore the whole folder from a backup. ({e.Message})", e);
        }
    }

    /// <summary>Makes sure that what is sealed now can be opened after a restart.</summary>
    /// <exception cref="StorageException">A key that was there is not there any more.</exception>
    public void RequireInPlace()
    {
        foreach (var file in files)
        {
            if (!File.Exists(file)) throw new StorageException(StorageFault.KeysMissing);
        }
    }

    /// <summary>Whether all keys are in their folder, and the root key can be read and is still the same.</summary>
    public bool AreUsable()
    {
        try
        {
            RequireInPlace();
            return sealedRoot is null || File.ReadAllBytes(rootFile).AsSpan().SequenceEqual(sealedRoot);
        }
        catch (Exception e) when (e is StorageException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Seals and opens for one purpose. Seals with the newest key of the ring.</summary>
    public IDataProtector Sealer(string purpose) => ring.CreateProtector(purpose);

    /// <summary>Seals what must be readable for as long as the keys are kept.</summary>
    /// <exception cref="StorageException">A key is missing from its folder.</exception>
    public byte[] Seal(IDataProtector sealer, byte[] content)
    {
        RequireInPlace();
        return WithRing(() => sealer.Protect(content));
    }

    /// <summary>Opens what was sealed.</summary>
    /// <exception cref="CryptographicException">Its key is not in the ring, or it was changed.</exception>
    public static byte[] Unseal(IDataProtector sealer, byte[] content) => WithRing(() => sealer.Unprotect(content));

    /// <summary>A secret of 32 bytes for one purpose, always the same one (HKDF, RFC 5869).</summary>
    /// <exception cref="StartupFault">The keys cannot be read.</exception>
    public byte[] Secret(string purpose)
    {
        if (root is null) Open(mayMake: false);
        return HKDF.Expand(HashAlgorithmName.SHA256, root!, SecretBytes, Encoding.UTF8.GetBytes(purpose));
    }

    // Also the files of the ring: one that is damaged would keep a new key from being made.
    void SetAside()
    {
        foreach (var file in Directory.GetFiles(Folder, "*.xml").Append(rootFile)) File.Move(file, file + ".lost", overwrite: true);
    }

    void Make()
    {
        repository.MayStore = () => true;
        try
        {
            PrivateFiles.Write(rootFile, rootSealer.Protect(RandomNumberGenerator.GetBytes(SecretBytes)), overwrite: false);
        }
        catch (IOException) when (File.Exists(rootFile))
        {
            // Another process was quicker: its key is as good.
        }
    }

    /// <summary>
    /// Whether the ring has the key that the root was sealed with, and its certificate. Asks the key manager, since the ring itself would make
    /// a new key when it finds none that it can use.
    /// </summary>
    bool CanUnseal(byte[] content)
    {
        // A payload of Data Protection begins with four bytes that mark it and the sixteen of its key's id.
        const int IdOffset = 4, IdLength = 16;
        if (content.Length < IdOffset + IdLength) return false;
        var id = new Guid(content.AsSpan(IdOffset, IdLength));
        try
        {
            return manager.GetAllKeys().FirstOrDefault(key => key.KeyId == id && !key.IsRevoked)?.CreateEncryptor() is not null;
        }
        catch (Exception e) when (FindFileError(e) is null)
        {
            // Its certificate is missing, or its file is damaged.
            return false;
        }
    }

    // A ring that cannot store its next key fails once, and then goes on for a while with the keys that it has.
    static T WithRing<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (CryptographicException e) when (FindFileError(e) is not null)
        {
            return work();
        }
    }

    static Exception? FindFileError(Exception? e) => e is null or IOException or UnauthorizedAccessException ? e : FindFileError(e.InnerException);

    /// <summary>Sets up the ring. Certificates are read now; keys are not read or made before they are needed.</summary>
    /// <exception cref="StartupFault">A certificate cannot be used, or the keys are to lie with the database.</exception>
    public static void Add(WebApplicationBuilder builder)
    {
        var section = builder.Configuration.GetSection("Keys");
        builder.Services.Configure<KeysOptions>(section);
        builder.Services.AddSingleton<Keys>();
        builder.Services.AddSingleton(provider => new KeyRepository(FolderOf(provider.GetRequiredService<IOptions<KeysOptions>>().Value, builder.Environment), provider.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddOptions<KeyManagementOptions>().Configure<KeyRepository>((management, repository) => management.XmlRepository = repository);

        var settings = section.Get<KeysOptions>() ?? new KeysOptions();
        var folder = FolderOf(settings, builder.Environment);
        var database = builder.Configuration.GetSection("Database").Get<DatabaseOptions>() ?? new DatabaseOptions();
        var databaseFolder = Path.GetFullPath(Path.Combine(builder.Environment.ContentRootPath, database.Folder));
        var fromDatabase = Path.GetRelativePath(databaseFolder, folder);
        if (!Path.IsPathRooted(fromDatabase) && fromDatabase.Split(Path.DirectorySeparatorChar)[0] != "..")
            throw new StartupFault($"Keys:Folder {folder} is in the database's folder, so a copy of one would be a copy of both: set it to a folder elsewhere.");

        var protection = builder.Services.AddDataProtection()
            .SetApplicationName("clinic")
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
}
