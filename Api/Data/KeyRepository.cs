using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Api.Data;

/// <summary>
/// Stores the ring of keys in files for their owner only. A new key is on the disk before anything is sealed with it:
/// no message may be acknowledged that a power cut could leave without its key.
/// </summary>
sealed class KeyRepository(string folder, ILoggerFactory log) : FileSystemXmlRepository(new DirectoryInfo(folder), log)
{
    /// <summary>Whether keys may be made now. A new key in the place of a lost one would hide the loss.</summary>
    public Func<bool> MayStore { get; set; } = () => false;

    /// <summary>Is told the file of each new key.</summary>
    public Action<string> Stored { get; set; } = _ => { };

    public override void StoreElement(XElement element, string friendlyName)
    {
        if (!MayStore())
            throw new StorageException(StorageFault.KeysMissing);
        var file = Path.Combine(folder, friendlyName + ".xml");
        PrivateFiles.Write(file, Encoding.UTF8.GetBytes(element.ToString()), overwrite: false);
        Stored(file);
    }
}
