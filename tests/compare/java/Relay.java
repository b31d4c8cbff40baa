// SPDX-License-Identifier: GPL-3.0-or-later
// A gateway made of WSS4J with Santuario on the JDK's own server. A stand-in for ./bench --compare; README.md says what it
// does and leaves. Keys are read once; each thread keeps its parser and its writer.
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Executors;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.ws.security.WSConstants;
import org.apache.ws.security.WSDataRef;
import org.apache.ws.security.WSSConfig;
import org.apache.ws.security.WSSecurityEngine;
import org.apache.ws.security.WSSecurityEngineResult;
import org.apache.ws.security.components.crypto.Crypto;
import org.apache.ws.security.components.crypto.Merlin;
import org.apache.ws.security.message.WSSecHeader;
import org.apache.ws.security.message.WSSecSignature;
import org.apache.ws.security.util.WSSecurityUtil;
import org.apache.xml.security.signature.XMLSignature;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

public class Relay {
    static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
    static final ThreadLocal<DocumentBuilder> PARSER = ThreadLocal.withInitial(Relay::parser);
    static final ThreadLocal<Transformer> WRITER = ThreadLocal.withInitial(Relay::writer);
    static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    static final URI PROVIDER = URI.create(System.getenv("RELAY_PROVIDER"));

    /** Somebody whose certificate is known. */
    record Peer(X509Certificate certificate, Crypto crypto) {
        static Peer of(String variable) throws Exception {
            X509Certificate certificate = Relay.certificate(variable);
            KeyStore store = empty();
            store.setCertificateEntry("peer", certificate);
            Merlin merlin = new Merlin();
            merlin.setKeyStore(store);
            return new Peer(certificate, merlin);
        }

        /** Throws unless this one has signed the Body that stands in the document. */
        void check(Document d) throws Exception {
            WSSecurityEngine engine = new WSSecurityEngine();
            List<WSSecurityEngineResult> results = engine.processSecurityHeader(d, null, null, crypto);
            WSSecurityEngineResult signed = results == null ? null : WSSecurityUtil.fetchActionResult(results, WSConstants.SIGN);
            if (signed == null)
                throw new SecurityException("nothing is signed");
            if (!certificate.equals(signed.get(WSSecurityEngineResult.TAG_X509_CERTIFICATE)))
                throw new SecurityException("the certificate is another one");
            List<?> covered = (List<?>) signed.get(WSSecurityEngineResult.TAG_DATA_REF_URIS);
            Element body = WSSecurityUtil.findBodyElement(d);
            if (covered.size() != 1 || ((WSDataRef) covered.get(0)).getProtectedElement() != body)
                throw new SecurityException("the Body is not what is signed");
        }
    }

    static Peer caller, answerer;
    static Crypto own;

    static DocumentBuilder parser() {
        try {
            DocumentBuilderFactory f = DocumentBuilderFactory.newInstance();
            f.setNamespaceAware(true);
            f.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            return f.newDocumentBuilder();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    static Transformer writer() {
        try {
            Transformer t = TransformerFactory.newInstance().newTransformer();
            t.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
            return t;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    static X509Certificate certificate(String variable) throws Exception {
        try (InputStream in = new FileInputStream(System.getenv(variable))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    static KeyStore empty() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    static Crypto ownKey() throws Exception {
        String pem = Files.readString(Path.of(System.getenv("RELAY_KEY"))).replaceAll("-----[^-]*-----|\\s", "");
        PrivateKey key = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
        KeyStore store = empty();
        store.setCertificateEntry("own", certificate("RELAY_CERTIFICATE"));
        Merlin merlin = new Merlin() {
            @Override public PrivateKey getPrivateKey(String alias, String secret) {
                return key; // a key store of the JDK would derive its secret anew for each message, which takes milliseconds
            }
        };
        merlin.setKeyStore(store);
        return merlin;
    }

    /** The document with a new Security header, as octets. */
    static byte[] sign(Document d) throws Exception {
        Element old = WSSecurityUtil.getSecurityHeader(d, null);
        old.getParentNode().removeChild(old);
        WSSecHeader security = new WSSecHeader();
        security.insertSecurityHeader(d);
        WSSecSignature signature = new WSSecSignature(WSSConfig.getNewInstance());
        signature.setUserInfo("own", "");
        signature.setKeyIdentifierType(WSConstants.BST_DIRECT_REFERENCE);
        signature.setSignatureAlgorithm(XMLSignature.ALGO_ID_SIGNATURE_RSA_SHA256);
        signature.setDigestAlgo(WSConstants.SHA256);
        signature.setSigCanonicalization(WSConstants.C14N_EXCL_OMIT_COMMENTS);
        signature.build(d, own, security);
        ByteArrayOutputStream out = new ByteArrayOutputStream(1 << 16);
        WRITER.get().transform(new DOMSource(d), new StreamResult(out));
        return out.toByteArray();
    }

    static Document read(byte[] octets) throws Exception {
        return PARSER.get().parse(new ByteArrayInputStream(octets));
    }

    static byte[] route(byte[] octets) throws Exception {
        Document request = read(octets);
        caller.check(request);
        HttpRequest onward = HttpRequest.newBuilder(PROVIDER).header("Content-Type", "text/xml; charset=utf-8")
            .header("SOAPAction", "\"\"").POST(HttpRequest.BodyPublishers.ofByteArray(sign(request))).build();
        Document answer = read(CLIENT.send(onward, HttpResponse.BodyHandlers.ofByteArray()).body());
        answerer.check(answer);
        return sign(answer);
    }

    static void serve(HttpExchange exchange) {
        try (exchange) {
            byte[] octets;
            int status = 200;
            try {
                octets = route(exchange.getRequestBody().readAllBytes());
            } catch (Exception e) {
                status = 500;
                octets = ("<s:Envelope xmlns:s=\"" + SOAP + "\"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>"
                    + e.getClass().getName() + "</faultstring></s:Fault></s:Body></s:Envelope>").getBytes(StandardCharsets.UTF_8);
            }
            exchange.getResponseHeaders().set("Content-Type", "text/xml; charset=utf-8");
            exchange.sendResponseHeaders(status, octets.length);
            exchange.getResponseBody().write(octets);
        } catch (Exception e) {
            System.err.println(e);
        }
    }

    public static void main(String[] words) throws Exception {
        WSSConfig.init();
        caller = Peer.of("RELAY_CALLER");
        answerer = Peer.of("RELAY_ANSWERER");
        own = ownKey();
        int port = Integer.parseInt(System.getenv("RELAY_PORT"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 1024);
        server.createContext("/", Relay::serve);
        server.setExecutor(Executors.newFixedThreadPool(8 * Runtime.getRuntime().availableProcessors()));
        server.start();
    }
}
