using System.Text;
using System.Xml.Linq;
using Certctl.Api.Pages.Hosting;
using Certctl.Application.Admin.Sessions;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;

namespace Certctl.Api.Pages.Session;

/// <summary>Keeps the framework's data-protection keys in the database, so that each process serves each session.</summary>
internal sealed class SessionKeyStore(ISessionKeys keys, TimeProvider clock) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() =>
        [.. Await(() => keys.ListAsync(CancellationToken.None)).Select(key => XElement.Parse(key.Xml))];

    public void StoreElement(XElement element, string friendlyName) => Await(async () =>
    {
        var text = element.ToString(SaveOptions.DisableFormatting);
        await keys.AddAsync(new SessionKey(friendlyName, clock.GetUtcNow(), text), CancellationToken.None);
        return true;
    });

    // The framework's interface is synchronous. On another thread, because a circuit's own may be the one that waits.
    private static T Await<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();
}

/// <summary>Encrypts the keys before they are kept.</summary>
internal sealed class SessionKeyEncryptor(PagesKey key) : IXmlEncryptor
{
    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var clear = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        return new EncryptedXmlInfo(new XElement("sealed", Convert.ToBase64String(key.Seal(clear))), typeof(SessionKeyDecryptor));
    }
}

/// <summary>The framework makes it by the name that stands beside an encrypted key.</summary>
internal sealed class SessionKeyDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) => XElement.Parse(
        Encoding.UTF8.GetString(services.GetRequiredService<PagesKey>().Open(Convert.FromBase64String(encryptedElement.Value))));
}
