using Certctl.Api.Configuration.Server;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;

namespace Certctl.Api.Hosting.Logging;

/// <summary>
/// What is logged and how it is written: to standard error, because standard output belongs to what a verb prints, such as quickstart's
/// --json.
/// </summary>
internal static class LogOutput
{
    public static void AddLogOutput(this ILoggingBuilder logging, LogOptions options)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(options.Level);

        // The framework's own lines: a request line of Kestrel's holds the whole GET message.
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error);

        // AccidentHandler writes one line for each.
        logging.AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.None);
        logging.AddFilter("System.Net", LogLevel.Warning);

        // IssuerSignIn writes one line for each, without what a stranger wrote into the address.
        logging.AddFilter("Microsoft.AspNetCore.Authentication.OpenIdConnect", LogLevel.None);

        // Its errors are reported twice otherwise: a failed start in the verb's own words, a failed background task as critical.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);

        logging.Services.TryAddSingleton(TimeProvider.System);
        logging.Services.AddSingleton<StackTraces>();
        logging.AddConsole(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.FormatterName = options.Json ? JsonLineFormatter.FormatterName : TextLineFormatter.FormatterName;
        });
        if (options.Json)
            logging.AddConsoleFormatter<JsonLineFormatter, ConsoleFormatterOptions>();
        else
            logging.AddConsoleFormatter<TextLineFormatter, ConsoleFormatterOptions>();
    }
}
