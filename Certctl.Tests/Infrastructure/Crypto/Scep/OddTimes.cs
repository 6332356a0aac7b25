using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Certctl.Tests.Infrastructure.Crypto.Scep;

/// <summary>A certificate with other times in it, as devices without a calendar write them; the signature fits no longer.</summary>
internal static class OddTimes
{
    public static byte[] In(X509Certificate2 certificate, byte tag, string time)
    {
        var outer = new AsnReader(certificate.RawData, AsnEncodingRules.DER).ReadSequence();
        var fields = outer.ReadSequence();
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                // version, serialNumber, signature, issuer; then the validity; then the rest.
                for (var i = 0; i < 4; i++)
                    writer.WriteEncodedValue(fields.ReadEncodedValue().Span);
                fields.ReadEncodedValue();
                byte[] odd = [tag, (byte)time.Length, .. Encoding.ASCII.GetBytes(time)];
                using (writer.PushSequence())
                {
                    writer.WriteEncodedValue(odd);
                    writer.WriteEncodedValue(odd);
                }

                while (fields.HasData)
                    writer.WriteEncodedValue(fields.ReadEncodedValue().Span);
            }

            while (outer.HasData)
                writer.WriteEncodedValue(outer.ReadEncodedValue().Span);
        }

        return writer.Encode();
    }
}
