using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Paddings;
using Org.BouncyCastle.Crypto.Parameters;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>
/// DES-CBC (FIPS 81) from BouncyCastle: OpenSSL 3 has put single DES away into its legacy provider, which the platform does not load. Only
/// the policy <c>legacy</c> comes here.
/// </summary>
internal sealed class SingleDes(string oid, string encodedOid) : ContentCipher(oid, encodedOid, keyLength: 8, blockLength: 8)
{
    public override void Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
    {
        var cipher = new PaddedBufferedBlockCipher(Cbc(), new Pkcs7Padding());
        cipher.Init(forEncryption: true, Parameters(key, iv));
        cipher.DoFinal(plaintext, ciphertext);
    }

    protected override void DecryptBlocks(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        var cipher = Cbc();
        cipher.Init(forEncryption: false, Parameters(key, iv));
        for (var offset = 0; offset < ciphertext.Length; offset += BlockLength)
            cipher.ProcessBlock(ciphertext[offset..], plaintext[offset..]);
    }

    private static CbcBlockCipher Cbc() => new(new DesEngine());

    private static ParametersWithIV Parameters(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv) => new(new KeyParameter(key), iv);
}
