// SPDX-License-Identifier: GPL-3.0-or-later
// A gateway made of @xmldom/xmldom and Node's own crypto, a process for each core. A stand-in for ./bench --compare; README.md
// says what it does and leaves. Keys are read once in each process; connections to the provider are kept.
'use strict';

const cluster = require('cluster');
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const os = require('os');
const {DOMParser, XMLSerializer} = require('@xmldom/xmldom');
const {canonical} = require('./canonical.js');

const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const OASIS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-';
const WSSE = OASIS + 'wssecurity-secext-1.0.xsd', WSU = OASIS + 'wssecurity-utility-1.0.xsd';
const X509 = OASIS + 'x509-token-profile-1.0#X509v3', BASE64 = OASIS + 'soap-message-security-1.0#Base64Binary';
const DS = 'http://www.w3.org/2000/09/xmldsig#', EXC = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const TYPE = 'text/xml; charset=utf-8';

const demand = (holds, words) => {
	if (!holds)
		throw new Error(words);
};
const child = (parent, ns, name) => {
	for (let e = parent.firstChild; e; e = e.nextSibling) {
		if (e.namespaceURI === ns && e.localName === name)
			return e;
	}
	throw new Error(`no ${name}`);
};
const digest = (text) => crypto.createHash('sha256').update(text).digest('base64');
const bare = (element) => element.textContent.replace(/\s+/g, '');
const token = (variable) => fs.readFileSync(process.env[variable], 'utf8').replace(/-----[^-]*-----|\s/g, '');

const own = {
	key: crypto.createPrivateKey(fs.readFileSync(process.env.RELAY_KEY)),
	token: token('RELAY_CERTIFICATE'),
};
const peer = (variable) => ({
	key: crypto.createPublicKey(fs.readFileSync(process.env[variable])),
	token: token(variable),
});
const caller = peer('RELAY_CALLER'), answerer = peer('RELAY_ANSWERER');

// Throws unless `who` has signed the Body that stands in the envelope.
function check(envelope, who) {
	const body = child(envelope, SOAP, 'Body'), security = child(child(envelope, SOAP, 'Header'), WSSE, 'Security');
	const signature = child(security, DS, 'Signature'), info = child(signature, DS, 'SignedInfo');
	const references = info.getElementsByTagNameNS(DS, 'Reference'), reference = references.item(0);
	const algorithm = (parent, name) => child(parent, DS, name).getAttribute('Algorithm');
	demand(references.length === 1 && reference.getAttribute('URI') === '#' + body.getAttributeNS(WSU, 'Id'),
		'the Body is not what is signed');
	demand(bare(child(security, WSSE, 'BinarySecurityToken')) === who.token, 'the certificate is another one');
	const transforms = child(reference, DS, 'Transforms').getElementsByTagNameNS(DS, 'Transform');
	demand(transforms.length === 1 && transforms.item(0).getAttribute('Algorithm') === EXC && !transforms.item(0).firstChild
		&& algorithm(info, 'CanonicalizationMethod') === EXC && algorithm(info, 'SignatureMethod') === RSA_SHA256
		&& algorithm(reference, 'DigestMethod') === SHA256, 'another algorithm');
	demand(digest(canonical(body)) === bare(child(reference, DS, 'DigestValue')), 'the Body was changed');
	const value = Buffer.from(bare(child(signature, DS, 'SignatureValue')), 'base64');
	demand(crypto.verify('sha256', Buffer.from(canonical(info)), who.key, value), 'the signature is wrong');
}

// The envelope with a new Security header, as text.
function sign(document) {
	const envelope = document.documentElement, body = child(envelope, SOAP, 'Body'), header = child(envelope, SOAP, 'Header');
	const soap = envelope.prefix, id = 'x509-' + crypto.randomUUID();
	const info = `<ds:SignedInfo xmlns:ds="${DS}"><ds:CanonicalizationMethod Algorithm="${EXC}"></ds:CanonicalizationMethod>`
		+ `<ds:SignatureMethod Algorithm="${RSA_SHA256}"></ds:SignatureMethod><ds:Reference URI="#${body.getAttributeNS(WSU, 'Id')}">`
		+ `<ds:Transforms><ds:Transform Algorithm="${EXC}"></ds:Transform></ds:Transforms>`
		+ `<ds:DigestMethod Algorithm="${SHA256}"></ds:DigestMethod><ds:DigestValue>${digest(canonical(body))}</ds:DigestValue>`
		+ '</ds:Reference></ds:SignedInfo>'; // written in its canonical form
	const value = crypto.sign('sha256', Buffer.from(info), own.key).toString('base64');
	const text = `<${soap}:Header xmlns:${soap}="${SOAP}"><wsse:Security xmlns:wsse="${WSSE}" xmlns:wsu="${WSU}" ${soap}:mustUnderstand="1">`
		+ `<wsse:BinarySecurityToken EncodingType="${BASE64}" ValueType="${X509}" wsu:Id="${id}">${own.token}</wsse:BinarySecurityToken>`
		+ `<ds:Signature xmlns:ds="${DS}">${info}<ds:SignatureValue>${value}</ds:SignatureValue><ds:KeyInfo>`
		+ `<wsse:SecurityTokenReference><wsse:Reference URI="#${id}" ValueType="${X509}"/></wsse:SecurityTokenReference>`
		+ `</ds:KeyInfo></ds:Signature></wsse:Security></${soap}:Header>`;
	envelope.replaceChild(document.importNode(read(text).documentElement, true), header);
	return new XMLSerializer().serializeToString(document);
}

function read(text) {
	const fail = (words) => {
		throw new Error(words);
	};
	return new DOMParser({errorHandler: {warning: fail, error: fail, fatalError: fail}}).parseFromString(text, 'text/xml');
}

async function whole(stream) {
	const parts = [];
	for await (const part of stream)
		parts.push(part);
	return Buffer.concat(parts).toString('utf8');
}

const agent = new http.Agent({keepAlive: true, maxSockets: 256});

function forward(text) {
	const headers = {'Content-Type': TYPE, SOAPAction: '""', 'Content-Length': Buffer.byteLength(text)};
	return new Promise((resolve, reject) => {
		const request = http.request(process.env.RELAY_PROVIDER, {method: 'POST', agent, headers},
			(answer) => whole(answer).then(resolve, reject));
		request.on('error', reject);
		request.end(text);
	});
}

async function route(text) {
	const request = read(text);
	check(request.documentElement, caller);
	const answer = read(await forward(sign(request)));
	check(answer.documentElement, answerer);
	return sign(answer);
}

async function serve(request, response) {
	let status = 200, text;
	try {
		text = await route(await whole(request));
	} catch (e) {
		status = 500;
		text = `<s:Envelope xmlns:s="${SOAP}"><s:Body><s:Fault><faultcode>s:Client</faultcode>`
			+ `<faultstring>${e.name}</faultstring></s:Fault></s:Body></s:Envelope>`;
	}
	response.writeHead(status, {'Content-Type': TYPE, 'Content-Length': Buffer.byteLength(text)});
	response.end(text);
}

if (cluster.isPrimary) {
	os.cpus().forEach(() => cluster.fork());
} else {
	const server = http.createServer(serve);
	server.keepAliveTimeout = 600000;
	server.requestTimeout = 0;
	server.listen(Number(process.env.RELAY_PORT), '127.0.0.1', 1024);
}
