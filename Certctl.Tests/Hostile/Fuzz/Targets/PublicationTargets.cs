using System.Text;
using Certctl.Api.Publication;

namespace Certctl.Tests.Hostile.Fuzz.Targets;

internal static class PublicationTargets
{
    /// <summary>A request target, and what a GET of OCSP has behind the name.</summary>
    public static void Target(byte[] input)
    {
        if (PublicationTarget.Read(Encoding.Latin1.GetString(input)) is not { Rest: { } rest })
            return;
        var text = OcspGetText.Read(rest);
        ContradictionException.Unless(text.Request is null || text.SerialNumber is null, "it is a request or a serial number");
        if (text.SerialNumber is { } serialNumber)
        {
            ContradictionException.Unless(
                serialNumber.Length == 40 && serialNumber.All(char.IsAsciiHexDigitLower), "a serial number has its one form");
            ContradictionException.Unless(
                OcspGetText.Read("0x" + serialNumber.ToUpperInvariant()).SerialNumber == serialNumber, "a serial number can be sent again");
        }

        // What is no OCSPRequest may be read in two ways; what may be one is read in one.
        if (text.Request is { Length: > 0 } request && request[0] == 0x30)
        {
            var again = OcspGetText.Read(Uri.EscapeDataString(Convert.ToBase64String(request))).Request;
            ContradictionException.Unless(
                again is not null && again.AsSpan().SequenceEqual(request), "a request that was read can be sent again");
        }
    }
}
