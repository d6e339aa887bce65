using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace FitCluster.Engine;

/// <summary>Opens connections to the broker, and says in a sentence why one could not be opened.</summary>
internal sealed class BrokerConnector(BrokerUrl url, string node)
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);

    private readonly X509Certificate2Collection? _authorities = ReadAuthorities(url);
    private volatile bool _isOfOtherHost;

    public BrokerUrl Url => url;

    /// <exception cref="ClusterEngineException">The broker cannot be reached, or refuses.</exception>
    public async Task<IConnection> Open(CancellationToken cancellation)
    {
        var factory = new ConnectionFactory
        {
            HostName = url.Host,
            Port = url.Port,
            UserName = url.User,
            Password = url.Password,
            VirtualHost = url.VirtualHost,
            ClientProvidedName = $"fitcluster {node}",
            RequestedHeartbeat = url.Heartbeat,
            RequestedConnectionTimeout = ConnectLimit,
            HandshakeContinuationTimeout = ConnectLimit,
            // A lease and a mailbox end with their connection; what comes back is begun anew, by us.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
        };
        if (url.IsTls)
        {
            factory.Ssl = new SslOption(url.Host) { Enabled = true, CertificateValidationCallback = IsTrusted };
        }

        try
        {
            return await factory.CreateConnectionAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            throw Worded(error);
        }
    }

    /// <summary>
    /// Why the connection could not be opened, or ended as soon as it was: a refusal may come a moment after the handshake.
    /// </summary>
    public ClusterEngineException Worded(Exception error) => new($"the broker {url} {Why(error)}", error);

    private static X509Certificate2Collection? ReadAuthorities(BrokerUrl url)
    {
        if (url.Authorities is not { } path)
        {
            return null;
        }

        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(path);
        }
        catch (Exception error) when (
            error is System.Security.Cryptography.CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ClusterEngineException(
                $"the file cacert={path} in the URL of the broker {url} could not be read: {error.Message}", error);
        }

        return authorities.Count > 0
            ? authorities
            : throw new ClusterEngineException($"the file cacert={path} in the URL of the broker {url} has no certificate in PEM form");
    }

    private bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        _isOfOtherHost = errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch);
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0)
        {
            return false;
        }

        if (_authorities is null)
        {
            return errors == SslPolicyErrors.None;
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        foreach (var element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            own.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return own.Build(new X509Certificate2(certificate));
    }

    private string Why(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case AuthenticationFailureException or PossibleAuthenticationFailureException:
                    return $"refuses the user '{url.User}': the user is unknown there, or the password is wrong";
                case OperationInterruptedException { ShutdownReason: { } reason }:
                    return $"refuses the connection: {reason.ReplyText}; check the vhost '{url.VirtualHost}' and the user's rights in it";
                case AuthenticationException when _isOfOtherHost:
                    return $"could not be trusted: its certificate is not for the host '{url.Host}'; give the name that stands in it";
                case AuthenticationException when url.IsTls:
                    return _authorities is null
                        ? "could not be trusted: no authority that this machine knows has signed its certificate; " +
                          "give the authority's as ?cacert=FILE in the URL"
                        : $"could not be trusted: the authorities in cacert={url.Authorities} have not signed its certificate, " +
                          "or it has run out";
                case AuthenticationException:
                    return $"could not be trusted: {cause.Message} (give the authority's certificate as ?cacert=FILE in the URL)";
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData }:
                    return $"cannot be reached: the host '{url.Host}' is not known";
                case SocketException socket:
                    return $"cannot be reached: {socket.Message}; is it running, and is the URL right?";
            }
        }

        var last = error.GetBaseException();
        var isLate = last is TimeoutException or OperationCanceledException;
        return $"cannot be reached: {(isLate ? "it did not answer in time" : last.Message.ReplaceLineEndings(" "))}";
    }
}
