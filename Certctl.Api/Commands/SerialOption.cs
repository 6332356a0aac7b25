using System.CommandLine;
using Certctl.Api.Rest.Http;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Api.Commands;

/// <summary><c>--serial</c>: a serial number in every form that the REST API reads.</summary>
internal static class SerialOption
{
    public static Option<string?> Create(string description)
    {
        var option = new Option<string?>("--serial")
        {
            HelpName = "HEX",
            Description = $"{description} It is read {QueryField.SerialForms}.",
        };
        option.Validators.Add(static given =>
        {
            if (given.Tokens is [{ Value: var text }] && SerialNumberText.Read(text) is null)
                given.AddError($"--serial: \"{ScepStageNames.Printable(text)}\" is no serial number.");
        });
        return option;
    }
}
