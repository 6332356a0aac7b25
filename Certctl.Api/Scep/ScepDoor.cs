using Certctl.Application.Scep;
using Certctl.Application.Scep.RawCsr;

namespace Certctl.Api.Scep;

/// <summary>What stands behind both routes, whatever the profile.</summary>
/// <param name="MaxBodySize">Octets.</param>
internal sealed record ScepDoor(ScepResponder Responder, RawCsrResponder RawCsr, OperationGate Gate, int MaxBodySize);
